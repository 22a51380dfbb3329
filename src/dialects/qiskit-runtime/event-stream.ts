import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import type { EventAnswer } from './answers.dto.js';

/**
 * Sends pages of events as server-sent events for as long as the client stays; an empty page becomes a heartbeat. The next
 * page is asked for when the one before has gone out: whoever does not read keeps one page waiting and no more.
 */
export async function sendEvents(
  reply: FastifyReply,
  follow: (gone: AbortSignal) => AsyncIterable<readonly EventAnswer[]>,
): Promise<void> {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  // Notices in the end a client that has vanished without a word.
  reply.raw.socket?.setKeepAlive(true);
  await reply
    .type('text/event-stream')
    .headers({
      'cache-control': 'no-store, no-transform',
      // Else nginx collects what should go out at once.
      'x-accel-buffering': 'no',
    })
    .send(Readable.from(toText(follow(gone.signal)), { objectMode: false }));
}

async function* toText(pages: AsyncIterable<readonly EventAnswer[]>): AsyncGenerator<string> {
  // Sends the headers, so that the client knows that it is heard.
  yield '\n';
  for await (const page of pages) {
    yield page.length === 0 ? 'event: heartbeat\ndata: {}\n\n' : page.map(toMessage).join('');
  }
}

const toMessage = (event: EventAnswer): string =>
  `event: ${event.type}\nid: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`;

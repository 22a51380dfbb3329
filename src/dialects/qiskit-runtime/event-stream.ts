import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import type { EventAnswer } from './answers.dto.js';

/**
 * Sends pages of events as server-sent events until the client disconnects. An empty page becomes a heartbeat. Reads
 * the next page after the previous one was sent, so that a client that does not read keeps only one page in memory.
 */
export async function sendEvents(
  reply: FastifyReply,
  follow: (disconnected: AbortSignal) => AsyncIterable<readonly EventAnswer[]>,
): Promise<void> {
  const disconnected = new AbortController();
  reply.raw.once('close', () => disconnected.abort());
  // Detects a client that disappeared without closing the connection.
  reply.raw.socket?.setKeepAlive(true);
  await reply
    .type('text/event-stream')
    .headers({
      'cache-control': 'no-store, no-transform',
      // Keeps nginx from buffering the events.
      'x-accel-buffering': 'no',
    })
    .send(Readable.from(toText(follow(disconnected.signal)), { objectMode: false }));
}

async function* toText(pages: AsyncIterable<readonly EventAnswer[]>): AsyncGenerator<string> {
  // Makes Node send the headers now, so that the client sees the stream open.
  yield '\n';
  for await (const page of pages) {
    yield page.length === 0 ? 'event: heartbeat\ndata: {}\n\n' : page.map(toMessage).join('');
  }
}

const toMessage = (event: EventAnswer): string =>
  `event: ${event.type}\nid: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`;

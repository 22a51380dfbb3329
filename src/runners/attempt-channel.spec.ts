import { describe, expect, it } from '@jest/globals';
import { LongText } from '../scheduler/long-text.js';
import { AttemptChannel } from './attempt-channel.js';
import type { FromRunner } from './attempt-protocol.js';
import type { Line } from './long-lines.js';
import type { Transport, TransportEvents } from './transport.js';

/** A transport without a process: tests make lines arrive and inspect the messages that are sent. */
class Wire implements Transport {
  readonly sent: unknown[] = [];

  constructor(readonly events: TransportEvents) {}

  write(line: Line): void {
    this.sent.push(JSON.parse(line as string));
  }

  after(then: () => void): void {
    then();
  }

  end(): void {}

  receive(...messages: object[]): void {
    for (const message of messages) this.events.line(JSON.stringify(message));
  }
}

function given() {
  const events: unknown[] = [];
  const channel = new AttemptChannel((events) => new Wire(events), {
    ready: ({ pid }) => events.push(`ready ${pid}`),
    message: (message) => events.push(message),
    foreign: (why) => events.push(`foreign: ${why}`),
    unreadable: (text) => events.push(text),
    tooLong: () => events.push('too long'),
    closed: (wasReady) => events.push(wasReady ? 'closed' : 'closed before it was ready'),
  });
  return { events, channel, wire: channel.transport };
}

const ready = { type: 'ready', protocol: 2, pid: 7, programs: [], versions: {} };
const of = { job: 'j', token: '1' };

describe('a channel', () => {
  it('delivers messages in order, also those after a long one', async () => {
    const { events, channel, wire } = given();
    wire.receive(ready);
    const long = JSON.stringify({ type: 'result', ...of, outcome: 'completed', result: 'x'.repeat(600_000) });
    wire.events.longLine([Buffer.from(long)]);
    wire.receive({ type: 'started', ...of });
    wire.events.closed();
    await new Promise<void>((resolve) => channel.whenRead(resolve));
    expect(events).toEqual([
      'ready 7',
      expect.objectContaining({ type: 'result', result: expect.any(LongText) }),
      expect.objectContaining({ type: 'started' }),
      'closed',
    ]);
  });

  it('delivers nothing before the runner is ready, and nothing from a runner of an unknown version', () => {
    const { events, wire } = given();
    wire.receive({ type: 'started', ...of }, { type: 'ready', protocol: 3 }, { type: 'started', ...of });
    expect(events).toEqual(['foreign: it speaks protocol 3, this service speaks 2']);
  });

  it('reports a line that is not a message, and continues', () => {
    const { events, wire } = given();
    wire.receive(ready);
    wire.events.line('Segmentation fault');
    wire.receive({ type: 'heartbeat' });
    expect(events).toEqual([
      'ready 7',
      expect.stringMatching(/^unreadable message \(.*JSON.*\): Segmentation fault$/),
      { type: 'heartbeat' },
    ]);
  });

  it('sends nothing but a shutdown before the runner is ready and after the connection broke', () => {
    const { channel, wire } = given();
    expect(channel.send({ type: 'cancel', ...of })).toBe(false);
    wire.receive(ready);
    expect(channel.send({ type: 'cancel', ...of })).toBe(true);
    wire.events.closed();
    expect(channel.send({ type: 'cancel', ...of })).toBe(false);
    expect(channel.send({ type: 'shutdown' })).toBe(true);
    expect(wire.sent).toEqual([{ type: 'cancel', ...of }, { type: 'shutdown' }]);
  });

  it('sends a message that needs a capability only to runners that have it', () => {
    const { channel, wire } = given();
    wire.receive(ready);
    const messages = [{ type: 'acknowledge', ...of }, { type: 'heartbeat' }] as const;
    expect(messages.map((message) => channel.send(message))).toEqual([false, false]);
    wire.receive({ ...ready, capabilities: ['acknowledge', 'heartbeat', 'flight'] });
    expect(messages.map((message) => channel.send(message))).toEqual([true, true]);
    expect(wire.sent).toEqual(messages);
  });

  it('speaks version 1 with a runner of version 1, and only on that connection', () => {
    const { events, channel, wire } = given();
    wire.receive({ ...ready, protocol: 1, session: 's', state: 'idle' });
    expect(channel.send({ type: 'acknowledge', ...of })).toBe(true);
    wire.receive({ type: 'candidates', request: 1, candidates: ['a'] });
    wire.events.closed();
    wire.receive(ready, { type: 'suggestions', request: 2, words: [] } satisfies FromRunner);
    expect(wire.sent).toEqual([{ type: 'ack', job: 'j', attempt: '1' }]);
    expect(events.slice(3)).toEqual([
      { type: 'suggestions', request: 1, words: ['a'] },
      'closed',
      'ready 7',
      { type: 'suggestions', request: 2, words: [] },
    ]);
  });
});

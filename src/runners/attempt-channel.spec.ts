import { describe, expect, it } from '@jest/globals';
import { LongText } from '../scheduler/long-text.js';
import { AttemptChannel } from './attempt-channel.js';
import type { FromRunner } from './attempt-protocol.js';
import type { Line } from './long-lines.js';
import type { Transport, TransportEvents } from './transport.js';

/** A transport without a process: a test says what arrives, and sees what is sent. */
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

  hear(...messages: object[]): void {
    for (const message of messages) this.events.line(JSON.stringify(message));
  }
}

function given() {
  const told: unknown[] = [];
  const channel = new AttemptChannel((events) => new Wire(events), {
    ready: ({ pid }) => told.push(`ready ${pid}`),
    message: (message) => told.push(message),
    foreign: (why) => told.push(`foreign: ${why}`),
    unreadable: (text) => told.push(text),
    tooLong: () => told.push('too long'),
    closed: (wasReady) => told.push(wasReady ? 'closed' : 'closed before it was ready'),
  });
  return { told, channel, wire: channel.transport };
}

const ready = { type: 'ready', protocol: 2, pid: 7, programs: [], versions: {} };
const of = { job: 'j', token: '1' };

describe('a channel', () => {
  it('hands messages on in order, also those after a long one', async () => {
    const { told, channel, wire } = given();
    wire.hear(ready);
    const long = JSON.stringify({ type: 'result', ...of, outcome: 'completed', result: 'x'.repeat(600_000) });
    wire.events.longLine([Buffer.from(long)]);
    wire.hear({ type: 'started', ...of });
    wire.events.closed();
    await new Promise<void>((resolve) => channel.whenRead(resolve));
    expect(told).toEqual([
      'ready 7',
      expect.objectContaining({ type: 'result', result: expect.any(LongText) }),
      expect.objectContaining({ type: 'started' }),
      'closed',
    ]);
  });

  it('hands nothing on before the runner is ready, nor of one that speaks another version', () => {
    const { told, wire } = given();
    wire.hear({ type: 'started', ...of }, { type: 'ready', protocol: 3 }, { type: 'started', ...of });
    expect(told).toEqual(['foreign: it speaks protocol 3, this service speaks 2']);
  });

  it('says what is no message, and goes on', () => {
    const { told, wire } = given();
    wire.hear(ready);
    wire.events.line('Segmentation fault');
    wire.hear({ type: 'heartbeat' });
    expect(told).toEqual([
      'ready 7',
      expect.stringMatching(/^unreadable message \(.*JSON.*\): Segmentation fault$/),
      { type: 'heartbeat' },
    ]);
  });

  it('sends nothing but a shutdown before the runner is ready and after the connection broke', () => {
    const { channel, wire } = given();
    expect(channel.send({ type: 'cancel', ...of })).toBe(false);
    wire.hear(ready);
    expect(channel.send({ type: 'cancel', ...of })).toBe(true);
    wire.events.closed();
    expect(channel.send({ type: 'cancel', ...of })).toBe(false);
    expect(channel.send({ type: 'shutdown' })).toBe(true);
    expect(wire.sent).toEqual([{ type: 'cancel', ...of }, { type: 'shutdown' }]);
  });

  it('sends what only some runners know to those that named it', () => {
    const { channel, wire } = given();
    wire.hear(ready);
    const said = [{ type: 'acknowledge', ...of }, { type: 'heartbeat' }] as const;
    expect(said.map((message) => channel.send(message))).toEqual([false, false]);
    wire.hear({ ...ready, capabilities: ['acknowledge', 'heartbeat', 'flight'] });
    expect(said.map((message) => channel.send(message))).toEqual([true, true]);
    expect(wire.sent).toEqual(said);
  });

  it('speaks version 1 with a runner of version 1, on its connection only', () => {
    const { told, channel, wire } = given();
    wire.hear({ ...ready, protocol: 1, session: 's', state: 'idle' });
    expect(channel.send({ type: 'acknowledge', ...of })).toBe(true);
    wire.hear({ type: 'candidates', request: 1, candidates: ['a'] });
    wire.events.closed();
    wire.hear(ready, { type: 'suggestions', request: 2, words: [] } satisfies FromRunner);
    expect(wire.sent).toEqual([{ type: 'ack', job: 'j', attempt: '1' }]);
    expect(told.slice(3)).toEqual([
      { type: 'suggestions', request: 1, words: ['a'] },
      'closed',
      'ready 7',
      { type: 'suggestions', request: 2, words: [] },
    ]);
  });
});

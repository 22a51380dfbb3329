import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LongText, inMemory, wholeOf } from '../scheduler/long-text.js';
import { checked, type ToRunner } from './attempt-protocol.js';
import { fromOld, lineForOld, oldRunnerOf, type OldRunner } from './attempt-protocol-1.js';

/** `means`: the same message in the current version. */
interface Golden {
  readonly direction: 'to_runner' | 'from_runner';
  readonly runner: OldRunner;
  readonly message: Readonly<Record<string, unknown>>;
  readonly means: readonly Readonly<Record<string, unknown>>[];
  readonly note: string;
}

const golden = readFileSync(join(import.meta.dirname, '../../protocol/attempts.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Golden & { readonly version?: number })
  .filter(({ version }) => version === 1);
const going = (direction: Golden['direction']) => golden.filter((example) => example.direction === direction);

describe('the golden messages of version 1', () => {
  it.each(going('from_runner'))(
    'from a $runner are read: $message.type, $note',
    ({ message, means, runner }) => {
      expect(fromOld({ ...message }, runner).map(checked)).toMatchObject(means);
    },
  );

  it.each(going('to_runner'))(
    'to a $runner are printed: $message.type, $note',
    ({ message, means, runner }) => {
      const line = lineForOld(means[0] as unknown as ToRunner, runner);
      expect(JSON.parse(line as string)).toEqual(message);
    },
  );

  it('contain every type of message', () => {
    const types = (direction: Golden['direction'], who: OldRunner) =>
      new Set(going(direction).flatMap(({ message, runner }) => (runner === who ? [message['type']] : [])));
    expect(types('from_runner', 'worker')).toEqual(
      new Set(['ready', 'started', 'progress', 'log', 'result', 'error']),
    );
    expect(types('to_runner', 'worker')).toEqual(new Set(['run', 'cancel', 'shutdown']));
    expect(types('from_runner', 'driver')).toEqual(
      new Set(['ready', 'started', 'progress', 'result', 'candidates', 'failed']),
    );
    expect(types('to_runner', 'driver')).toEqual(new Set(['run', 'cancel', 'ack', 'complete', 'shutdown']));
  });
});

describe('a runner of version 1', () => {
  it('is recognised by its first message', () => {
    expect(oldRunnerOf({ type: 'ready', protocol: 1, programs: [] })).toBe('worker');
    expect(oldRunnerOf({ type: 'ready', protocol: 1, session: 's' })).toBe('driver');
    expect(oldRunnerOf({ type: 'ready', protocol: 2, session: 's' })).toBeNull();
    expect(oldRunnerOf({ type: 'started', protocol: 1 })).toBeNull();
  });

  it.each(['acknowledge', 'heartbeat', 'suggest'] as const)('that is a worker gets no %s', (type) => {
    expect(lineForOld({ type, job: 'j', token: '1' } as unknown as ToRunner, 'worker')).toBeNull();
  });

  const start = { type: 'start', job: 'j', token: '1', log_level: 'debug' } as const;
  const backend = { name: 'b', options: {} };

  it.each([
    ['worker', 'params', '{"a":"ü"}', undefined],
    ['driver', 'code', '"größe"', '{"statement":3,"kind":"sql","code":'],
  ] as const)('that is a %s gets long %s in pieces', async (who, field, text, head) => {
    const all = Buffer.from(head === undefined ? text : `${text}}`);
    const params = new LongText(inMemory([all]), null, head);
    const line = lineForOld({ ...start, program: 'p', backend, params }, who);
    const pieces: Buffer[] = [];
    for await (const piece of line as AsyncIterable<Buffer>) pieces.push(piece);
    const sent = JSON.parse(Buffer.concat(pieces).toString('utf8')) as Record<string, unknown>;
    expect(sent[field]).toBe(who === 'worker' ? text : 'größe');
    expect(await wholeOf(params)).toBe(`${head ?? ''}${all.toString('utf8')}`);
  });
});

describe('an invalid message of version 1 is refused:', () => {
  it.each<[string, OldRunner, Record<string, unknown>]>([
    ['no type', 'driver', {}],
    ['an unknown type', 'driver', { type: 'finished' }],
    ['a result without its attempt', 'driver', { type: 'result', job: '1', cancelled: false, output: null }],
    ['a progress in words', 'driver', { type: 'progress', job: '1', attempt: '1', value: 'half' }],
    ['a result that is not a string', 'worker', { type: 'result', job: '1', attempt: '1', result: {} }],
    ['a worker’s result without text', 'worker', { type: 'result', job: '1', attempt: '1' }],
    ['an error without a sentence', 'worker', { type: 'error', job: '1', attempt: '1', kind: 'program' }],
  ])('%s', (_, who, fields) => {
    expect(() => fromOld(fields, who).map(checked)).toThrow();
  });
});

import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { driverProtocol, parseFromDriver, printToDriver, type ToDriver } from './driver-protocol.js';

interface Golden {
  readonly direction: 'to_driver' | 'from_driver';
  readonly message: Readonly<Record<string, unknown>>;
  readonly note: string;
}

const golden = readFileSync(join(import.meta.dirname, '../../protocol/driver-messages.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Golden);
const going = (direction: Golden['direction']) => golden.filter((example) => example.direction === direction);

describe('the golden messages', () => {
  it.each(going('from_driver'))('from a driver are read whole: $message.type, $note', ({ message }) => {
    expect(parseFromDriver(JSON.stringify(message))).toMatchObject(message);
  });

  it.each(going('to_driver'))('to a driver are printed as they are: $message.type, $note', ({ message }) => {
    const line = printToDriver(message as unknown as ToDriver);
    expect(JSON.parse(line)).toEqual(message);
    expect(line.indexOf('\n')).toBe(line.length - 1);
  });

  it('hold every type of message and speak our version', () => {
    const types = (direction: Golden['direction']) =>
      new Set(going(direction).map(({ message }) => message['type']));
    expect(types('from_driver')).toEqual(
      new Set(['ready', 'started', 'progress', 'result', 'candidates', 'failed']),
    );
    expect(types('to_driver')).toEqual(new Set(['run', 'cancel', 'ack', 'complete', 'shutdown']));
    expect(golden[0]?.message['protocol']).toBe(driverProtocol);
  });
});

describe('what is no message is refused:', () => {
  it.each([
    ['nothing', ''],
    ['a list', '[]'],
    ['no type', '{}'],
    ['an unknown type', '{"type":"finished"}'],
    ['a result without its attempt', '{"type":"result","job":"1","cancelled":false,"output":null}'],
    ['a progress in words', '{"type":"progress","job":"1","attempt":"1","value":"half"}'],
  ])('%s', (_, line) => {
    expect(() => parseFromDriver(line)).toThrow();
  });
});

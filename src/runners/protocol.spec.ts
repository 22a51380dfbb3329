import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMessage, printMessage, protocolVersion, type ToWorker } from './protocol.js';

interface Golden {
  readonly direction: 'to_worker' | 'from_worker';
  readonly message: Readonly<Record<string, unknown>>;
  readonly note: string;
}

const golden = readFileSync(join(import.meta.dirname, '../../protocol/messages.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Golden);
const going = (direction: Golden['direction']) => golden.filter((example) => example.direction === direction);

describe('the golden messages', () => {
  it.each(going('from_worker'))('from a worker are read whole: $message.type, $note', ({ message }) => {
    expect(parseMessage(JSON.stringify(message))).toEqual(message);
  });

  it.each(going('to_worker'))('to a worker are printed as they are: $message.type, $note', ({ message }) => {
    const line = printMessage(message as unknown as ToWorker);
    expect(JSON.parse(line)).toEqual(message);
    expect(line.indexOf('\n')).toBe(line.length - 1);
  });

  it('hold every type of message and speak our version', () => {
    const types = (direction: Golden['direction']) => [
      ...new Set(going(direction).map(({ message }) => message['type'])),
    ];
    expect(types('from_worker')).toEqual(['ready', 'started', 'progress', 'log', 'result', 'error']);
    expect(types('to_worker')).toEqual(['run', 'cancel', 'shutdown']);
    expect(golden[0]?.message['protocol']).toBe(protocolVersion);
  });
});

describe('a printed message', () => {
  it('survives UTF-8 with a lone surrogate in it', () => {
    const job = 'lone \ud800 surrogate';
    const sent = Buffer.from(printMessage({ type: 'cancel', job, attempt: '1' })).toString('utf8');
    expect(JSON.parse(sent)).toEqual({ type: 'cancel', job, attempt: '1' });
  });
});

const of = { job: 'j', attempt: '1' };

describe('a read message', () => {
  it.each([
    ['reason_code', { type: 'error', ...of, kind: 'program', message: 'm', traceback: 't' }],
    ['traceback', { type: 'error', ...of, kind: 'program', message: 'm', reason_code: 1 }],
  ])('has null for a %s that was left out', (field, message) => {
    expect(parseMessage(JSON.stringify(message))).toEqual({ ...message, [field]: null });
  });

  it('may have fields, and an error a kind, that nobody knows yet', () => {
    expect(parseMessage(JSON.stringify({ type: 'started', ...of, later: 1 }))).toMatchObject(of);
    const error = { type: 'error', ...of, kind: 'later', message: 'm', reason_code: null, traceback: null };
    expect(parseMessage(JSON.stringify(error))).toEqual(error);
  });
});

describe('a line that is no message is refused, saying what is wrong:', () => {
  it.each([
    ['', /JSON/],
    ['{"type":"started"', /JSON/],
    ['Traceback (most recent call last):', /JSON/],
    ['null', /not a JSON object/],
    ['7', /not a JSON object/],
    ['["started"]', /not a JSON object/],
    ['{}', /unknown type undefined/],
    ['{"type":"finished"}', /unknown type finished/],
    ['{"type":"toString"}', /unknown type toString/],
    ['{"type":["started"]}', /unknown type/],
    ['{"type":"started","attempt":"1"}', /job must be a string/],
    ['{"type":"started","job":"j","attempt":1}', /attempt must be a string/],
    ['{"type":"result","job":"j","attempt":"1","result":{}}', /result must be a string/],
    [
      '{"type":"progress","job":"j","attempt":"1","done":"1","total":1,"message":""}',
      /done must be a number/,
    ],
    ['{"type":"log","job":"j","attempt":"1","level":"info","text":null}', /text must be a string/],
    ['{"type":"ready","protocol":1,"pid":1,"programs":null,"versions":{}}', /programs must be a list/],
    ['{"type":"ready","protocol":1,"pid":1,"programs":{},"versions":{}}', /programs must be a list/],
    ['{"type":"ready","protocol":1,"pid":1,"programs":[],"versions":[]}', /versions must be an object/],
    [
      '{"type":"error","job":"j","attempt":"1","kind":"input","message":"m","reason_code":"7"}',
      /reason_code must be a number or null/,
    ],
  ])('%s', (line, wrong) => {
    expect(() => parseMessage(line)).toThrow(wrong);
  });
});

import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMessage, printMessage, protocolVersion, type ToRunner } from './attempt-protocol.js';

interface Golden {
  readonly direction: 'to_runner' | 'from_runner';
  readonly message: Readonly<Record<string, unknown>>;
  readonly note: string;
  readonly version?: number;
}

const golden = readFileSync(join(import.meta.dirname, '../../protocol/attempts.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Golden)
  .filter(({ version }) => version === undefined);
const going = (direction: Golden['direction']) => golden.filter((example) => example.direction === direction);

describe('the golden messages', () => {
  it.each(going('from_runner'))(
    'from a runner are parsed completely: $message.type, $note',
    ({ message }) => {
      expect(parseMessage(JSON.stringify(message))).toEqual(message);
    },
  );

  it.each(going('to_runner'))('to a runner are printed unchanged: $message.type, $note', ({ message }) => {
    const line = printMessage(message as unknown as ToRunner);
    expect(JSON.parse(line)).toEqual(message);
    expect(line.indexOf('\n')).toBe(line.length - 1);
  });

  it('contain every type of message and have the current version', () => {
    const types = (direction: Golden['direction']) =>
      new Set(going(direction).map(({ message }) => message['type']));
    expect(types('from_runner')).toEqual(
      new Set([
        ...['ready', 'resume', 'interpreter', 'started', 'progress', 'log', 'result'],
        ...['suggestions', 'failed', 'heartbeat'],
      ]),
    );
    expect(types('to_runner')).toEqual(
      new Set(['start', 'cancel', 'acknowledge', 'suggest', 'heartbeat', 'shutdown']),
    );
    expect(golden[0]?.message['protocol']).toBe(protocolVersion);
  });
});

describe('a printed message', () => {
  it('keeps a lone surrogate in UTF-8', () => {
    const job = 'lone \ud800 surrogate';
    const sent = Buffer.from(printMessage({ type: 'cancel', job, token: '1' })).toString('utf8');
    expect(JSON.parse(sent)).toEqual({ type: 'cancel', job, token: '1' });
  });
});

const of = { job: 'j', token: '1' };

describe('a parsed message', () => {
  it.each([
    ['reason_code', { fault: 'program', message: 'm', traceback: 't', result: null }],
    ['traceback', { fault: 'program', message: 'm', reason_code: 1, result: null }],
    ['result', { fault: 'program', message: 'm', reason_code: 1, traceback: 't' }],
  ])('has null for an absent %s', (field, fields) => {
    const message = { type: 'result', ...of, outcome: 'failed', ...fields };
    expect(parseMessage(JSON.stringify(message))).toEqual({ ...message, [field]: null });
  });

  it('may have unknown fields, and a failure an unknown fault', () => {
    expect(parseMessage(JSON.stringify({ type: 'started', ...of, later: 1 }))).toMatchObject(of);
    const failure = { type: 'result', ...of, outcome: 'failed', fault: 'later', message: 'm' };
    expect(parseMessage(JSON.stringify(failure))).toMatchObject(failure);
  });
});

describe('a line that is not a message is refused with the reason:', () => {
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
    ['{"type":"started","token":"1"}', /job must be a string/],
    ['{"type":"started","job":"j","token":1}', /token must be a string/],
    ['{"type":"result","job":"j","token":"1","outcome":"completed","result":{}}', /result must be a string/],
    ['{"type":"result","job":"j","token":"1","outcome":"completed"}', /result must be a string/],
    ['{"type":"result","job":"j","token":"1","outcome":"failed"}', /message must be a string/],
    [
      '{"type":"result","job":"j","token":"1","outcome":"lost"}',
      /outcome must be one of completed, failed, cancelled/,
    ],
    ['{"type":"resume","running":[{"job":"j"}],"ended":[]}', /running must be a list of attempts/],
    ['{"type":"interpreter","session":"s","state":"asleep"}', /state must be one of starting, idle, busy/],
    ['{"type":"progress","job":"j","token":"1","done":"1","total":1,"message":""}', /done must be a number/],
    ['{"type":"log","job":"j","token":"1","level":"info","text":null}', /text must be a string/],
    ['{"type":"started","job":"j","attempt":"1"}', /token must be a string/],
    ['{"type":"ready","protocol":1,"pid":1,"programs":null,"versions":{}}', /programs must be a list/],
    ['{"type":"ready","protocol":1,"pid":1,"programs":{},"versions":{}}', /programs must be a list/],
    ['{"type":"ready","protocol":1,"pid":1,"programs":[],"versions":[]}', /versions must be an object/],
    [
      '{"type":"result","job":"j","token":"1","outcome":"failed","message":"m","reason_code":"7"}',
      /reason_code must be a number or null/,
    ],
  ])('%s', (line, wrong) => {
    expect(() => parseMessage(line)).toThrow(wrong);
  });
});

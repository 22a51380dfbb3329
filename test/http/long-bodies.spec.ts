import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { NexosisConfig } from '../../src/dialects/nexosis/settings.js';
import { bodyLimit } from '../../src/dialects/body-parser.js';
import { STORE, type Store } from '../../src/scheduler/ports.js';
import { TextsService } from '../../src/scheduler/texts.service.js';
import { eventually } from '../support/eventually.js';
import { adminToken, errorOf, givenBackend, TestService } from '../support/http.js';

let stint: TestService;
beforeAll(
  async () =>
    (stint = await TestService.start({
      python: join(import.meta.dirname, '../support/echo-worker.mjs'),
      spark_python: join(import.meta.dirname, '../support/fake-driver.mjs'),
      nexosis: Object.assign(new NexosisConfig(), { body_limit: 5_000_000 }),
      backends: [
        givenBackend({ name: 'b1' }),
        givenBackend({ name: 'line', driver: 'aer', options: { device: 'stint_line_5', noise: false } }),
        givenBackend({ name: 'spark', driver: 'spark' }),
      ],
    })),
);
afterAll(() => stint.close());

const jobs = '/api/v1/jobs';
/** A body of several pieces, with multi-byte characters and escapes at each cut. */
const filling = 'aü🐈\\n\\"\\\\\\u00e9\\ud83d\\ude00\\t/'.repeat(30_000);
const params = `{"text":"${filling}", "n" : NaN,"big":123456789012345678901234567890 }`;

const submit = async (body: string, headers: Record<string, string> = {}) =>
  stint.call('POST', jobs, { body, headers });
const jobWith = (backend: string, program: string, text: string, more = '') =>
  `{${more}"program_id":"${program}","backend":"${backend}","params": ${text} }`;

const ended = (id: string) =>
  eventually(`the end of ${id}`, async () => {
    const { body } = await stint.call('GET', `${jobs}/${id}?exclude_params=true`);
    return body.status === 'Completed' && body;
  });

describe('params of more than a megabyte', () => {
  it('are returned byte for byte', async () => {
    const { body } = await submit(jobWith('b1', 'scripted', params));
    const { text, headers } = await stint.call('GET', `${jobs}/${body.id}`);
    expect(text.slice(text.indexOf('"params":') + 9, -1)).toBe(params);
    expect(Number(headers.get('content-length'))).toBe(Buffer.byteLength(text));
  });

  it('reach the worker byte for byte, and the result reaches the client in the same way', async () => {
    const { body } = await submit(jobWith('line', 'sampler', params));
    await ended(body.id);
    const { text, status } = await stint.call('GET', `${jobs}/${body.id}/results`);
    expect(status).toBe(200);
    expect(text).toBe(params);
  });

  it('of a scripted job may contain a long result', async () => {
    const result = `[${'1.50,'.repeat(200_000)}NaN]`;
    const { body } = await submit(jobWith('b1', 'scripted', `{"result": ${result} ,"duration":0}`));
    expect((await ended(body.id)).status).toBe('Completed');
    expect((await stint.call('GET', `${jobs}/${body.id}/results`)).text).toBe(result);
  });

  it('of a private job are never shown, and its result only once', async () => {
    const { body } = await submit(jobWith('b1', 'scripted', `{"result":"${filling}"}`, '"private":true,'));
    await ended(body.id);
    expect((await stint.call('GET', `${jobs}/${body.id}`)).body.params).toEqual({});
    expect((await stint.call('GET', `${jobs}/${body.id}/results`)).text).toBe(`"${filling}"`);
    expect((await stint.call('GET', `${jobs}/${body.id}/results`)).text).toBe('');
  });

  it('are deleted if their job is refused or deleted', async () => {
    const texts = stint.service.app.get(TextsService);
    expect(errorOf(await submit(jobWith('nowhere', 'scripted', params))).status).toBe(400);
    const { body } = await submit(jobWith('b1', 'scripted', params));
    await ended(body.id);
    expect((await stint.call('DELETE', `${jobs}/${body.id}`)).status).toBe(204);
    await texts.sweep();
    const store = stint.service.app.get<Store>(STORE);
    expect(await store.read.texts.unownedTexts()).toEqual([]);
  });

  it('are compared when a submit is repeated with the same idempotency key', async () => {
    const headers = { 'idempotency-key': 'long-1' };
    const body = jobWith('b1', 'scripted', params);
    const [first, again] = [await submit(body, headers), await submit(body, headers)];
    expect(again.body.id).toBe(first.body.id);
    expect(errorOf(await submit(body.replace('NaN', '0'), headers)).status).toBe(422);
  });

  it.each([
    ['bytes that are not UTF-8', Buffer.from([0xff]), 'The body is not valid UTF-8.'],
    ['half a character at its end', Buffer.from('é').subarray(0, 1), 'The body is not valid UTF-8.'],
    ['a trailing comma', Buffer.from(',}'), /expected a member name in double quotes at line 2, column 12\./],
    [
      'text after the body',
      Buffer.from('} x'),
      /nothing may follow the JSON object, but something does at line 2/,
    ],
  ])('are refused for %s, with line and column', async (_, end, message) => {
    const begin = `{"params": ${params},\n "cost":5 `;
    const body = Buffer.concat([Buffer.from(begin), end]);
    expect(errorOf(await stint.call('POST', jobs, { body }))).toMatchObject({
      ...{ status: 400, code: 1002, message: expect.stringMatching(message) },
    });
  });

  it('must be an object, and all other members together have at most 1 MB', async () => {
    const tags = JSON.stringify(Array.from({ length: 200_000 }, () => 'tag'));
    const only = /Only params may be long: all else in the body may have 1 MB together\./;
    for (const body of [
      `{"params":{}, "tags":${tags}}`,
      `{"params":"${'x'.repeat(1_100_000)}"}`,
      `{${'"a":1,'.repeat(1000)}"${'k'.repeat(1_100_000)}":1}`,
    ])
      expect(errorOf(await submit(body))).toMatchObject({
        status: 413,
        message: expect.stringMatching(only),
      });
  });

  it('are replaced by a later member of the same name', async () => {
    const { body } = await submit(jobWith('b1', 'scripted', '{"a":1}', `"params":${params},`));
    expect((await stint.call('GET', `${jobs}/${body.id}`)).body.params).toEqual({ a: 1 });
  });
});

describe('a statement of more than a megabyte', () => {
  const livy = (method: string, path: string, body?: string) => stint.call(method, `/livy${path}`, { body });

  it('runs, and its code and output are returned whole, alone and in a list', async () => {
    const { body: session } = await livy('POST', '/sessions', '{"kind":"pyspark"}');
    const at = `/sessions/${session.id}`;
    await eventually('the session', async () => (await livy('GET', at)).body.state === 'idle');
    const code = `'${'aü🐈'.repeat(150_000)}'`;
    const made = await livy('POST', `${at}/statements`, JSON.stringify({ code }));
    expect([made.status, made.body.id, made.body.code]).toEqual([201, 0, code]);
    const statement = await eventually('its output', async () => {
      const { body } = await livy('GET', `${at}/statements/0`);
      return body.state === 'available' && body;
    });
    expect(statement).toMatchObject({ id: 0, code, progress: 1 });
    expect(statement.output.data['text/plain']).toBe(code.slice(1, -1));
    await livy('POST', `${at}/statements`, '{"code":"1"}');
    const { body: list } = await livy('GET', `${at}/statements?order=desc`);
    expect(list.total_statements).toBe(2);
    expect(list.statements.map(({ id }: { id: number }) => id)).toEqual([1, 0]);
    expect(list.statements[1]).toEqual(statement);
    await livy('DELETE', at);
  });

  it('is refused like a short one for an unknown session, kind or field', async () => {
    const { body: session } = await livy('POST', '/sessions', '{"kind":"pyspark"}');
    const code = 'x'.repeat(600_000);
    const post = (id: unknown, more: object) =>
      livy('POST', `/sessions/${String(id)}/statements`, JSON.stringify({ code, ...more }));
    expect((await post(99, {})).body.msg).toMatch(/^Session '99' not found/);
    expect((await post(session.id, { kind: 'cobol' })).body.msg).toMatch(/^Invalid kind: cobol/);
    expect((await post(session.id, { cod: 1 })).body.msg).toMatch(/^Unrecognized field "cod"/);
    await livy('DELETE', `/sessions/${session.id}`);
  });
});

describe('a compressed body', () => {
  const packed = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
  const send = (method: string, path: string, body: Buffer, encoding: string) =>
    stint.call(method, path, { body, headers: { 'content-encoding': encoding, 'api-key': adminToken } });

  it.each(Object.entries(packed))('with %s is decompressed, in all dialects', async (encoding, pack) => {
    const job = await send('POST', jobs, pack(jobWith('b1', 'scripted', params)), encoding);
    expect(job.status).toBe(200);
    const { text } = await stint.call('GET', `${jobs}/${job.body.id}`);
    expect(text.slice(text.indexOf('"params":') + 9, -1)).toBe(params);
    const session = await send('POST', '/livy/sessions', pack('{"kind":"pyspark"}'), encoding);
    expect(session.status).toBe(201);
    await stint.call('DELETE', `/livy/sessions/${session.body.id}`);
    const data = await send('PUT', `/nexosis/v1/data/${encoding}`, pack('{"data":[{"a":1}]}'), encoding);
    expect([data.status, data.body.rowCount]).toEqual([201, 1]);
  });

  const refusals = [
    ['/api/v1/jobs', 'POST', ({ body }: { body: any }) => body.errors[0].message], // eslint-disable-line @typescript-eslint/no-explicit-any
    ['/livy/sessions', 'POST', ({ body }: { body: any }) => body.msg], // eslint-disable-line @typescript-eslint/no-explicit-any
    ['/nexosis/v1/data/x', 'PUT', ({ body }: { body: any }) => body.errorDetails?.body?.[0] ?? body.message], // eslint-disable-line @typescript-eslint/no-explicit-any
  ] as const;

  it.each(refusals)(
    'with an unknown encoding is refused with a message at %s',
    async (path, method, messageOf) => {
      const answer = await send(method, path, Buffer.from('{}'), 'zstd');
      expect(answer.status).toBe(415);
      expect(messageOf(answer)).toBe(
        'A body with Content-Encoding zstd cannot be read: send it with gzip, deflate or br, or as it is.',
      );
    },
  );

  it.each(refusals)('that is damaged is refused with a message at %s', async (path, method, messageOf) => {
    const whole = gzipSync('{"kind":"pyspark"}'.padEnd(5000));
    for (const body of [Buffer.from('{}'), whole.subarray(0, whole.length - 12)]) {
      const answer = await send(method, path, body, 'gzip');
      expect(answer.status).toBe(400);
      expect(messageOf(answer)).toMatch(/^The body cannot be unpacked as gzip: /);
    }
  });

  it.each(refusals)('that expands beyond the limit is refused at %s', async (path, method, messageOf) => {
    // 65 KB that would expand to more than 66 MB.
    const bomb = gzipSync(Buffer.alloc(bodyLimit + 1, ' '));
    const answer = await send(method, path, bomb, 'gzip');
    expect(answer.status).toBe(413);
    expect(messageOf(answer)).toMatch(
      /^The body has more than the limit of [\d.]+ MB when it is unpacked\.$/,
    );
  });

  it('may have Content-Encoding UTF-8, which has no effect', async () => {
    const made = await send('POST', '/livy/sessions', Buffer.from('{"kind":"pyspark"}'), 'UTF-8');
    expect(made.status).toBe(201);
    await stint.call('DELETE', `/livy/sessions/${made.body.id}`);
  });
});

describe('a body of a route without long texts', () => {
  it('may have at most 1 MB', async () => {
    const body = (bytes: number) => '{"backend":"b1"}'.padEnd(bytes);
    expect((await stint.call('POST', '/api/v1/sessions', { body: body(1024 * 1024) })).status).toBe(200);
    const answer = await stint.call('POST', '/api/v1/sessions', { body: body(1024 * 1024 + 1) });
    expect(errorOf(answer)).toMatchObject({
      ...{ status: 413, code: 1001, message: 'The body has 1.0 MB, more than the limit of 1.0 MB.' },
    });
  });
});

describe('the description of a device', () => {
  it('can have more than 1 MB', async () => {
    const options = { notes: 'x'.repeat(2 * 1024 * 1024) };
    const body = { name: 'wide', driver: 'scripted', options };
    const answer = await stint.call('POST', '/api/v1/admin/backends', { token: adminToken, body });
    // The whole body was read; the error is about the option.
    expect(errorOf(answer)).toMatchObject({ status: 400, message: expect.stringContaining('options.notes') });
  });
});

describe('the rows of a prediction request', () => {
  it('may have at most 8 MB', async () => {
    const other = await TestService.start();
    const path = '/nexosis/v1/models/01234567-0123-0123-0123-0123456789ab/predict';
    const predict = (bytes: number) => other.call('POST', path, { body: '{"data":[]}'.padEnd(bytes) });
    expect((await predict(8e6)).status).toBe(404);
    expect(await predict(8e6 + 1)).toMatchObject({
      ...{ status: 413, body: { message: 'The body has 8.0 MB, more than the limit of 8.0 MB.' } },
    });
    await other.close();
  });
});

describe('an object in a body', () => {
  it('may have at most 2000 members, at any depth', async () => {
    const wide = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, 1]));
    const open = (body: object) => stint.call('POST', '/api/v1/sessions', { body });
    for (const around of [(of: object) => of, (of: object) => ({ backend: 'b1', a: [{ b: of }] })]) {
      expect((await open(around({ ...wide(1999), backend: 'b1' }))).status).toBe(200);
      expect(errorOf(await open(around({ ...wide(2000), backend: 'b1' })))).toMatchObject({
        ...{ status: 400, message: 'An object in the body has 2001 members, and may have 2000.' },
      });
    }
  });

  it('may have more members in params, which are stored as text', async () => {
    const members = Array.from({ length: 90_000 }, (_, i) => `"m${i}":1`).join(',');
    const { status, body } = await submit(jobWith('b1', 'scripted', `{${members},"duration":0,"result":7}`));
    expect(status).toBe(200);
    expect((await stint.call('GET', `${jobs}/${body.id}/results`)).text).toBe('7');
  });
});

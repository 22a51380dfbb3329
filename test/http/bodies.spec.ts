import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { adminToken, bearer, errorOf, TestService, type HttpAnswer } from '../support/http.js';

let stint: TestService;
beforeAll(async () => (stint = await TestService.start()));
afterAll(() => stint.close());

const jobs = '/api/v1/jobs';
const posted = (body: string | Uint8Array): Promise<HttpAnswer> => stint.call('POST', jobs, { body });

describe('a body that is not valid JSON is refused, with line and column:', () => {
  it.each([
    [
      'a trailing comma',
      '{"program_id": "scripted",}',
      /expected a member name in double quotes at line 1, column 27/,
    ],
    ['a misspelt literal', '{\n  "params": {\n    "a": tru\n  }\n}', /expected a value at line 3, column 10/],
    ['a list without an end', '[1,', /the text ends where a value should be at line 1, column 4/],
    ['a form', 'program_id=scripted', /expected a JSON object, "{", at line 1, column 1/],
    ['a NaN outside params', '{"cost": NaN}', /cost holds NaN or Infinity/],
    ['endless brackets', `{"params": ${'['.repeat(100_000)}`, /nested more than 512 levels deep at line 1/],
  ])('%s', async (_, body, message) => {
    expect(errorOf(await posted(body))).toMatchObject({
      ...{ status: 400, code: 1002, message: expect.stringMatching(message) },
    });
  });

  it('bytes that are not UTF-8', async () => {
    const answer = await posted(Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x7d]));
    expect(errorOf(answer)).toMatchObject({ status: 400, message: 'The body is not valid UTF-8.' });
  });

  it('but valid JSON is accepted with any content type', async () => {
    for (const type of ['text/plain', 'x', 'application/json; charset=latin1', ';']) {
      const headers = { 'content-type': type };
      const opened = await stint.call('POST', '/api/v1/sessions', { body: '{"backend":"b2"}', headers });
      expect([opened.status, opened.body.backend_name]).toEqual([200, 'b2']);
    }
  });
});

describe('a JSON body that is not an object is refused, in all dialects:', () => {
  const calls = [
    ['POST', '/api/v1/jobs', ({ body }: HttpAnswer) => body.errors[0].message as string],
    ['POST', '/api/v1/sessions', ({ body }: HttpAnswer) => body.errors[0].message as string],
    ['PATCH', '/api/v1/admin/backends/b1', ({ body }: HttpAnswer) => body.errors[0].message as string],
    ['POST', '/livy/sessions', ({ body }: HttpAnswer) => body.msg as string],
    ['POST', '/livy/batches', ({ body }: HttpAnswer) => body.msg as string],
    ['POST', '/nexosis/v1/sessions/forecast', ({ body }: HttpAnswer) => body.errorDetails.body[0] as string],
    ['PUT', '/nexosis/v1/data/sales', ({ body }: HttpAnswer) => body.errorDetails.body[0] as string],
    ['PUT', '/nexosis/v1/views/sales', ({ body }: HttpAnswer) => body.errorDetails.body[0] as string],
  ] as const;

  it.each(calls)('%s %s', async (method, path, messageOf) => {
    for (const [body, kind] of [
      ['[]', 'a list'],
      [' [{"a": 1}]\n', 'a list'],
      ['"{}x"', 'a text'],
      ['7', 'a number'],
      ['true', 'true'],
    ] as const) {
      const answer = await stint.call(method, path, { body });
      expect([body, answer.status]).toEqual([body, 400]);
      expect(messageOf(answer)).toMatch(new RegExp(`must be an? (JSON )?object[^,]*, not ${kind}`));
    }
  });
});

describe('params', () => {
  const paramsOf = async (params: string) => {
    const body = `{"program_id":"scripted","backend":"b2", "params" : ${params} }`;
    const { id } = (await posted(body)).body as { id: string };
    const { text } = await stint.call('GET', `${jobs}/${id}`);
    return text.slice(text.indexOf('"params":') + 9, -1);
  };

  it.each([
    '{"duration":0, "x" : NaN,"y":[-Infinity]}',
    '{"big":123456789012345678901234567890,"f":1.0,"e":1E+2}',
    '{"u":"\\u00fc\\ud83d\\ude00\\/","raw":"ü🐈"}',
    '{ \n\t}',
    '{"a":1,"a":2,"__proto__":{"b":1}}',
  ])('are returned byte for byte: %s', async (params) => {
    expect(await paramsOf(params)).toBe(params);
  });
});

describe('a body of 70 MB', () => {
  const piece = Buffer.alloc(1_000_000, 'x');
  function* pieces(count: number) {
    for (let i = 0; i < count; i += 1) yield piece;
  }
  const refusal = {
    status: 413,
    code: 1001,
    message: 'The body has 70.0 MB, more than the limit of 68.2 MB.',
  };

  it('is refused with both sizes if it has a Content-Length', async () => {
    const headers = { ...bearer(adminToken), 'content-length': '70000000' };
    expect(errorOf(await stint.send(jobs, pieces(70), headers))).toMatchObject(refusal);
  });

  it('is refused with both sizes if it is sent in chunks', async () => {
    const headers = { ...bearer(adminToken), 'transfer-encoding': 'chunked' };
    expect(errorOf(await stint.send(jobs, pieces(70), headers))).toMatchObject(refusal);
  });

  it('does not harm the service', async () => {
    expect((await stint.call('GET', '/health/ready')).status).toBe(200);
    expect((await stint.admin.get('/jobs')).status).toBe(200);
  });
});

describe('a client that disconnects', () => {
  it('in the middle of its body submits no job', async () => {
    const { port, hostname } = new URL(stint.url);
    const before = (await stint.admin.get('/jobs')).body.count as number;
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        const head = `POST ${jobs} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${adminToken}\r\n`;
        socket.write(`${head}content-length: 100\r\n\r\n{"program_id":`, () => socket.destroy());
      });
      socket.on('close', () => resolve());
    });
    expect((await stint.admin.get('/jobs')).body.count).toBe(before);
  });
});

describe('a slow or broken request', () => {
  let impatient: TestService;
  beforeAll(async () => (impatient = await TestService.start({ request_seconds: 1 })));
  afterAll(() => impatient.close());

  const head = `POST ${jobs} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\n`;

  it.each([
    ['its headers', 'POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nX-More: '],
    ['its body', `${head}Content-Length: 1000\r\n\r\n{"program_id": "`],
    ['the chunks of its body', `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"pro\r\n`],
  ])('that sends %s slowly is answered 408 with a message after the time limit', async (_, beginning) => {
    const { port, hostname } = new URL(impatient.url);
    const socket = connect(Number(port), hostname);
    socket.write(beginning);
    // A few bytes now and then do not extend the time limit.
    const dripping = setInterval(() => socket.write(beginning.includes('chunked') ? '1\r\nx\r\n' : 'x'), 100);
    let text = '';
    try {
      for await (const chunk of socket) text += String(chunk);
    } finally {
      clearInterval(dripping);
      socket.destroy();
    }
    const [top = '', body = ''] = text.split('\r\n\r\n');
    expect(top).toMatch(/^HTTP\/1.1 408 /);
    expect(JSON.parse(body)).toMatchObject({
      errors: [{ code: 1002, message: 'The request took too long to arrive.' }],
      trace: expect.any(String),
    });
    expect((await impatient.admin.get('/jobs')).body.count).toBe(0);
  });

  it('has a time limit that does not apply to event streams', async () => {
    const gone = new AbortController();
    const stream = await fetch(`${impatient.url}/api/v1/events`, {
      headers: bearer(adminToken),
      signal: gone.signal,
    });
    const { port, hostname } = new URL(impatient.url);
    const slow = connect(Number(port), hostname);
    slow.write(head);
    // The time limit has passed when this request is refused.
    await new Promise((resolve) => slow.resume().on('close', resolve));
    await impatient.admin.post('/sessions', { backend: 'b1' });
    let received = '';
    for await (const chunk of stream.body ?? []) {
      received += Buffer.from(chunk as Uint8Array).toString();
      if (received.includes('session.open')) break;
    }
    gone.abort();
    expect(received).toContain('event: session.open');
  });

  it('that ends before its body is complete is refused with a message', async () => {
    const { port, hostname } = new URL(stint.url);
    const socket = connect(Number(port), hostname);
    socket.end('POST /api/v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/"message":"The request did not arrive whole."/);
  });

  it('that is not HTTP is refused in the same form', async () => {
    const { port, hostname } = new URL(stint.url);
    const socket = connect(Number(port), hostname);
    socket.write('what is this\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1.1 400 [^]*"errors":\[\{"code":1002,"message":"This is no HTTP request."/);
  });
});

describe('a request without a body', () => {
  it('may have the content type JSON', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await stint.call('GET', '/api/v1/sessions', { headers })).status).toBe(200);
    const { id } = (await stint.admin.post('/sessions', { backend: 'b1' })).body as { id: string };
    const closed = await stint.call('DELETE', `/api/v1/sessions/${id}/close`, { headers });
    expect([closed.status, closed.text]).toEqual([204, '']);
  });

  it('is answered uncompressed, even if the client accepts compression', async () => {
    const headers = { 'accept-encoding': 'gzip, br' };
    const answer = await stint.call('GET', '/api/v1/backends', { headers });
    expect(answer.headers.get('content-encoding')).toBeNull();
  });
});

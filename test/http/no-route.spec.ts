import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LivyConfig } from '../../src/dialects/livy/settings.js';
import { errorOf, TestService } from '../support/http.js';

let stint: TestService;
beforeAll(async () => {
  const livy = { port: 0, host: '127.0.0.1', state_retain: 600 } as LivyConfig;
  stint = await TestService.start({ livy });
});
afterAll(() => stint.close());

const docs = 'The calls are described at /api/v1/docs.';
const send = (method: string, path: string, body?: string) => stint.call(method, path, { token: null, body });

describe('an unknown path is 404 and refers to the API description:', () => {
  it.each(['/', '/nope?a=b', '/api/v1/nope', '/api/v1/admin/nope'])('%s', async (path) => {
    expect(errorOf(await send('GET', path))).toEqual({
      ...{ status: 404, code: 1008, message: `There is nothing at ${path.split('?')[0] ?? ''}.` },
      solution: docs,
    });
  });

  it.each(['/livy/nope', '/livy/session/1'])('%s', async (path) => {
    const { status, body, headers } = await send('GET', path);
    expect([status, body]).toEqual([404, { msg: `There is nothing at ${path}. ${docs}` }]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it("on Livy's own port, as the client wrote it", async () => {
    const answer = await fetch(`${stint.ownUrl('Livy')}/api/v1/jobs`);
    expect([answer.status, await answer.json()]).toEqual([
      404,
      {
        msg: "There is nothing at /api/v1/jobs. The calls are described at /api/v1/docs on the service's main port.",
      },
    ]);
  });

  it('/nexosis/v1/Nope, with the message that its clients know', async () => {
    const { status, body } = await send('GET', '/nexosis/v1/Nope');
    expect([status, body]).toEqual([
      404,
      {
        statusCode: 404,
        message: 'Resource not found',
        errorDetails: { path: [`There is nothing at /nexosis/v1/Nope. ${docs}`] },
      },
    ]);
  });

  it('even with a body that is large or not JSON', async () => {
    expect((await send('POST', '/api/v1/nope', '{bad')).status).toBe(404);
    expect((await send('POST', '/livy/nope', 'x'.repeat(8_000_000))).status).toBe(404);
    expect((await send('GET', '/health/live')).status).toBe(200);
  });
});

describe('an unsupported method is 405 and lists the supported ones:', () => {
  const messageFor = (method: string, path: string, allowed: string) =>
    `${method} is not possible at ${path}: ${allowed}.`;

  it.each([
    ['PUT', '/api/v1/sessions', 'GET, HEAD, POST'],
    ['PUT', '/v1/jobs/j1', 'GET, HEAD, DELETE'],
    ['DELETE', '/api/v1/admin/tokens', 'GET, HEAD, POST'],
    ['OPTIONS', '/api/v1/jobs', 'GET, HEAD, POST'],
    ['POST', '/health/live', 'GET, HEAD'],
  ])('%s %s', async (method, path, methods) => {
    const answer = await send(method, path);
    expect(errorOf(answer)).toEqual({
      ...{ status: 405, code: 1008, message: messageFor(method, path, `the methods there are ${methods}`) },
      solution: docs,
    });
    expect(answer.headers.get('allow')).toBe(methods);
  });

  it.each([
    ['PUT', '/livy/sessions', 'the methods there are GET, HEAD, POST'],
    ['GET', '/livy/sessions/1/statements/2/cancel', 'the only method there is POST'],
  ])('%s %s', async (method, path, allowed) => {
    const { status, body, headers } = await send(method, path);
    expect([status, body]).toEqual([405, { msg: `${messageFor(method, path, allowed)} ${docs}` }]);
    expect(allowed).toContain(headers.get('allow') ?? '?');
  });

  it.each([
    ['PATCH', '/nexosis/v1/data/My%20shop', 'the methods there are GET, HEAD, PUT, DELETE'],
    // For other methods, this word is an id.
    ['PUT', '/nexosis/v1/Sessions/Model', 'the methods there are GET, HEAD, POST, DELETE'],
  ])('%s %s', async (method, path, allowed) => {
    const { status, body, headers } = await send(method, path);
    expect([status, body]).toEqual([
      405,
      { statusCode: 405, message: messageFor(method, path, allowed), errorDetails: { path: [docs] } },
    ]);
    expect(allowed).toContain(headers.get('allow') ?? '?');
  });

  it('for HEAD, without a body', async () => {
    const answer = await send('HEAD', '/nexosis/v1/sessions/forecast/results/x/y');
    expect([answer.status, answer.text]).toEqual([404, '']);
    const other = await send('HEAD', '/nexosis/v1/models/x/predict');
    expect([other.status, other.text, other.headers.get('allow')]).toEqual([405, '', 'POST']);
  });
});

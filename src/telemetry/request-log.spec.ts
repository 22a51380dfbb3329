import { describe, expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import type { PinoLogger } from './logger.js';
import { installRequestLog, levelOf, requestNames } from './request-log.js';

describe('the level of a request', () => {
  it.each([
    ['GET', 200, 'debug'],
    ['HEAD', 304, 'debug'],
    ['OPTIONS', 204, 'debug'],
    ['POST', 200, 'info'],
    ['DELETE', 204, 'info'],
    ['GET', 400, 'info'],
    ['POST', 499, 'info'],
    ['GET', 500, 'error'],
    ['POST', 503, 'error'],
  ])('of %s with %i is %s', (method, status, level) => {
    expect(levelOf(method, status)).toBe(level);
  });
});

/** A server with a route that works and one that fails, and what it writes to its log while only `on` is written. */
function given(on: readonly string[]) {
  const written: [string, Record<string, unknown>][] = [];
  const looked: string[] = [];
  const logger = {
    isOn: (level: string) => (looked.push(level), on.includes(level)),
    write: (level: string, line: Record<string, unknown>) => void written.push([level, line]),
  } as unknown as PinoLogger;
  const server = fastify({ genReqId: requestNames() });
  installRequestLog(server, logger);
  server.get('/fine', () => ({}));
  server.get('/broken', () => {
    throw new Error('no');
  });
  const get = async (path: string) => {
    await (await fetch((await server.listen({ port: 0, host: '127.0.0.1' })) + path)).text();
    // The line is written after the answer: once the server has closed, it is there.
    await server.close();
  };
  return { get, written, looked };
}

describe('the log of requests', () => {
  it('has a line for one that failed, with the name that its answer may carry, and without its query', async () => {
    const { get, written } = given(['info', 'error']);
    await get('/broken?apikey=secret');
    expect(written).toEqual([
      [
        'error',
        {
          ...{ msg: 'GET /broken 500', method: 'GET', path: '/broken', status: 500, address: '127.0.0.1' },
          ...{ trace: expect.stringMatching(/^[0-9a-f]{8}-1$/), ms: expect.any(Number) },
          ...{ user: null, instance: null },
        },
      ],
    ]);
  });

  it('has none for what was read, and does no work for it, unless it is asked for', async () => {
    const { get, written, looked } = given(['info', 'error']);
    await get('/fine');
    expect([written, looked]).toEqual([[], ['debug']]);
    const other = given(['debug', 'info', 'error']);
    await other.get('/fine');
    expect(other.written).toHaveLength(1);
  });

  it('cuts a path that leads nowhere', async () => {
    const { get, written } = given(['info']);
    await get(`/${'x'.repeat(1000)}`);
    expect(String(written[0]?.[1]['path'])).toHaveLength(300);
  });
});

describe('names of requests', () => {
  it('are others after the next start', () => {
    const [one, two] = [requestNames(), requestNames()];
    expect(new Set([one(), one(), two(), two()]).size).toBe(4);
  });
});

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

/**
 * A server with a route that works and one that fails, and the lines that it logs if only the levels `on` are written.
 */
function given(on: readonly string[]) {
  const written: [string, Record<string, unknown>][] = [];
  const checkedLevels: string[] = [];
  const logger = {
    isOn: (level: string) => (checkedLevels.push(level), on.includes(level)),
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
    // The line is written after the answer, but before the server has closed.
    await server.close();
  };
  return { get, written, checkedLevels };
}

describe('the log of requests', () => {
  it('has a line for a request that failed, with its trace and without its query', async () => {
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

  it('has a line for a successful read only at debug level, and otherwise builds none', async () => {
    const { get, written, checkedLevels } = given(['info', 'error']);
    await get('/fine');
    expect([written, checkedLevels]).toEqual([[], ['debug']]);
    const other = given(['debug', 'info', 'error']);
    await other.get('/fine');
    expect(other.written).toHaveLength(1);
  });

  it('cuts a very long path', async () => {
    const { get, written } = given(['info']);
    await get(`/${'x'.repeat(1000)}`);
    expect(String(written[0]?.[1]['path'])).toHaveLength(300);
  });
});

describe('names of requests', () => {
  it('differ after the next start', () => {
    const [one, two] = [requestNames(), requestNames()];
    expect(new Set([one(), one(), two(), two()]).size).toBe(4);
  });
});

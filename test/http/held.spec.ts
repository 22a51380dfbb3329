import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NexosisConfig } from '../../src/dialects/nexosis/settings.js';
import { eventually } from '../support/eventually.js';
import { adminToken, bearer, givenBackend, TestService } from '../support/http.js';

/**
 * Longest allowed turn of the event loop, in milliseconds of processor time. All other clients wait during a turn. Reading a
 * body in one piece takes 4 to 5 s. Turns of pieces take a few milliseconds, sometimes with a garbage collection;
 * `bench/bodies.mjs` measures them.
 */
const maxTurn = 500;
const megabytes = 20;

let stint: TestService;
beforeAll(async () => {
  stint = await TestService.start({
    spark_python: join(import.meta.dirname, '../support/fake-driver.mjs'),
    python: join(import.meta.dirname, '../support/echo-worker.mjs'),
    nexosis: Object.assign(new NexosisConfig(), { body_limit: 65e6 }),
    backends: [
      givenBackend({ name: 'b1' }),
      givenBackend({ name: 'line', driver: 'aer', options: { device: 'stint_line_5', noise: false } }),
      givenBackend({ name: 'spark', driver: 'spark' }),
    ],
  });
});
afterAll(() => stint.close());

/** Returns the processor time of this thread so far, in milliseconds. Waiting for a busy processor does not count. */
const processorTime = () => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;

/** Returns the longest turn of the event loop during `work`. */
async function longestTurn<T>(work: () => Promise<T>): Promise<{ longest: number; done: T }> {
  let longest = 0;
  let last = processorTime();
  let over = false;
  const turn = () => {
    const now = processorTime();
    longest = Math.max(longest, now - last);
    last = now;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  const done = await work();
  await new Promise((next) => setImmediate(next));
  over = true;
  return { longest, done };
}

const piece = Buffer.from('a text of some length '.repeat(3000));
const count = Math.ceil((megabytes * 1e6) / piece.length);
function* body(before: string, after: string): Generator<Buffer> {
  yield Buffer.from(before);
  for (let i = 0; i < count; i += 1) yield piece;
  yield Buffer.from(after);
}
const headers = { ...bearer(adminToken), 'content-type': 'application/json' };

describe(`a body of ${megabytes} MB`, () => {
  it('blocks no other client as the params of a job, on the way to a worker and back', async () => {
    const { longest, done } = await longestTurn(async () => {
      const params = body('{"program_id":"sampler","backend":"line","params":{"text":"', '"}}');
      const made = await stint.send('/api/v1/jobs', params, headers);
      await eventually('its end', async () => {
        const { body } = await stint.call('GET', `/api/v1/jobs/${made.body.id}?exclude_params=true`);
        return body.status === 'Completed';
      });
      return made;
    });
    expect(done.status).toBe(200);
    expect(longest).toBeLessThan(maxTurn);
  });

  it('blocks no other client as the code of a statement', async () => {
    const { body: session } = await stint.call('POST', '/livy/sessions', { body: { kind: 'pyspark' } });
    const at = `/livy/sessions/${session.id}`;
    await eventually('the session', async () => (await stint.call('GET', at)).body.state === 'idle');
    const { longest, done } = await longestTurn(() =>
      stint.send(`${at}/statements`, body('{"code":"# ', '"}'), headers),
    );
    expect(done.status).toBe(201);
    expect(longest).toBeLessThan(maxTurn);
    await stint.call('DELETE', at);
  });
});

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startStint } from './lib/processes.mjs';
import { quantile } from './lib/stats.mjs';
import { millis, row } from './lib/table.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const python = here('../.venv-spark/bin/python');
/** Poll interval of a client that waits for its statement, in milliseconds. No known client polls more often. */
const pollEach = 10;

/**
 * Measures the round trip of `1+1` in a Livy session, from its submission until a polling client sees it as available.
 * The baselines are the same code in a bare Python process behind a pipe, and the same round trip without the poll
 * interval.
 */
export async function livy({ folder, quick, tell }) {
  if (!existsSync(python)) {
    tell('no .venv-spark: the round trip of a statement is skipped');
    return [];
  }
  const count = quick ? 50 : 500;
  const bare = await bareTrips(count);
  const stint = await startStint(await folder(), { STINT_SPARK_PYTHON: python });
  try {
    const token = await stint.user('alice');
    await stint.backend('spark', { driver: 'spark', options: { master: 'local[1]' } });
    const call = livyAt(stint.port, token);
    tell('starting Spark');
    const { id } = await call('POST', '/sessions', { kind: 'pyspark' });
    while ((await call('GET', `/sessions/${id}/state`)).state !== 'idle') await pause(200);
    const trip = async (each) => {
      const began = performance.now();
      let statement = await call('POST', `/sessions/${id}/statements`, { code: '1+1' });
      while (statement.state !== 'available') {
        if (each > 0) await pause(each);
        statement = await call('GET', `/sessions/${id}/statements/${statement.id}`);
      }
      return performance.now() - began;
    };
    const trips = async (each) => {
      const taken = [];
      for (let i = 0; i < count; i += 1) taken.push(await trip(each));
      return taken;
    };
    await trips(0); // Warm-up: the code gets compiled.
    tell(`${count} statements, looked at every ${pollEach} ms`);
    const polled = await trips(pollEach);
    const eager = await trips(0);
    await call('DELETE', `/sessions/${id}`);
    const shown = (what, taken, q) => {
      const [value, floor] = [quantile(taken, q), quantile(bare, q)];
      return row(
        `${what} p${q * 100}`,
        millis(value),
        { ...millis(floor), what: 'bare Python' },
        { ratio: value / floor },
      );
    };
    return [
      shown('statement 1+1, polled', polled, 0.5),
      shown('statement 1+1, polled', polled, 0.99),
      shown('statement 1+1, at once', eager, 0.5),
      shown('statement 1+1, at once', eager, 0.99),
    ];
  } finally {
    await stint.stop();
  }
}

async function bareTrips(count) {
  const repl = spawn(python, [here('lib/bare-repl.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: repl.stdout })[Symbol.asyncIterator]();
  const taken = [];
  for (let i = 0; i < 2 * count; i += 1) {
    const began = performance.now();
    repl.stdin.write('1+1\n');
    await lines.next();
    taken.push(performance.now() - began);
  }
  repl.stdin.end();
  return taken.slice(count);
}

const livyAt = (port, token) => async (method, path, body) => {
  const answer = await fetch(`http://127.0.0.1:${port}/livy${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
};

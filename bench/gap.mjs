import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { openRaw } from './lib/raw-sqlite.mjs';
import { onProcess, owned, startStint, until } from './lib/processes.mjs';
import { openDatabase } from './lib/rows.mjs';
import { gapsBetween, median, quantile } from './lib/stats.mjs';
import { millis, row } from './lib/table.mjs';

const target = (p50, p99) => ({ text: 'p50 ≤ 2, p99 ≤ 10 ms', met: p50 <= 2 && p99 <= 10 });

/** Measures the time from the end of one job of an active session to the start of the next, in three ways. */
export async function gap({ folder, quick, tell }) {
  const at = await folder();
  const stint = await startStint(at);
  try {
    const token = await stint.user('alice');
    const count = quick ? 200 : 1000;
    tell(`gap: ${count} jobs of zero duration`);
    const instant = await inSession(stint, at, token, { name: 'instant', duration: 0, count });
    tell('gap: jobs of 10 ms');
    const short = await inSession(stint, at, token, { name: 'short', duration: 0.01, count: count / 2 });
    tell('gap: jobs on a process');
    const onRunner = await inSession(stint, at, token, { name: 'runner', how: onProcess, count });
    return [
      rowOf('scripted, no length, as stored', instant.stored, undefined, {
        target,
        note: `all in few transactions; by the wall clock ${(instant.wall / count).toFixed(2)} ms a job, start and end included`,
      }),
      rowOf('scripted, 10 ms, as stored', short.stored, timerFloor(at, await timerLateness(at, count / 4)), {
        target,
      }),
      rowOf('process, seen by the process', processGaps(onRunner.results), {
        ...(await runnerFloor(at, count)),
        what: 'same process, one row committed between',
      }),
    ];
  } finally {
    await stint.stop();
  }
}

function rowOf(what, gaps, floor, { target: wanted, ...more } = {}) {
  const [p50, p99] = [quantile(gaps, 0.5), quantile(gaps, 0.99)];
  const value = { ...millis(p50), text: `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)} ms`, p99 };
  const ratio = floor === undefined ? undefined : p50 / floor.number;
  return row(`gap: ${what}`, value, floor, { ...more, ratio, target: wanted?.(p50, p99) });
}

/** Queues `count` jobs in a session while the backend is paused, resumes it and reads the stored times. */
async function inSession(stint, folder, token, { name, duration, how = {}, count }) {
  const program = how === onProcess ? 'sampler' : 'scripted';
  await stint.backend(name, how);
  await stint.call('PATCH', `/admin/backends/${name}`, { status: 'paused' });
  const { id } = await stint.call('POST', '/sessions', { mode: 'dedicated', backend: name }, token);
  for (let n = 0; n < count; n += 1)
    await stint.call(
      'POST',
      '/jobs',
      { program_id: program, backend: name, session_id: id, params: { duration, n } },
      token,
    );
  const db = openDatabase(folder, { readonly: true });
  const unfinished = db.prepare(
    "SELECT COUNT(*) AS n FROM jobs WHERE session = ? AND state IN ('queued', 'running')",
  );
  const startedAt = performance.now();
  await stint.call('PATCH', `/admin/backends/${name}`, { status: 'online' });
  await until('the last job', async () => (unfinished.get(id).n === 0 ? true : undefined));
  const wall = performance.now() - startedAt;
  const jobs = db
    .prepare(
      `SELECT state, started_at AS startedAt, ended_at AS endedAt, body AS result
       FROM jobs LEFT JOIN job_results r ON r.seq = jobs.seq WHERE session = ? ORDER BY jobs.seq`,
    )
    .all(id);
  db.close();
  const lost = jobs.find(({ state }) => state !== 'completed');
  if (lost !== undefined) throw new Error(`A job of ${name} is ${lost.state}.`);
  return { wall, stored: gapsBetween(jobs), results: jobs.map(({ result }) => JSON.parse(result)) };
}

/** Returns the times between sending a result and receiving the next task, without those of the warm-up. */
const processGaps = (results) =>
  gapsBetween(results.map(({ received, answered }) => ({ startedAt: received, endedAt: answered }))).slice(
    20,
  );

const timerFloor = (_, lateness) => ({
  ...millis(median(lateness)),
  text: `p50 ${median(lateness).toFixed(2)}, p99 ${quantile(lateness, 0.99).toFixed(2)} ms`,
  what: 'a timer and one row committed',
});

/** The baseline: how late a bare timer of 10 ms fires if it commits one row each time. */
async function timerLateness(folder, count) {
  const { db, insertOne } = openRaw(folder);
  const late = [];
  for (let i = 0; i < count; i += 1) {
    const due = performance.now() + 10;
    await new Promise((resolve) => setTimeout(resolve, 10));
    insertOne();
    late.push(Math.max(0, performance.now() - due));
  }
  db.close();
  return late;
}

/** The baseline: the same worker, fed by a loop that commits one row and sends the next task. */
async function runnerFloor(folder, count) {
  const { db, insertOne } = openRaw(folder);
  const program = new URL('fake-runner.mjs', import.meta.url).pathname;
  const child = owned(spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] }));
  const results = [];
  const next = () => {
    const start = { type: 'start', job: String(results.length), token: 'a', params: '{}' };
    child.stdin.write(`${JSON.stringify(start)}\n`);
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line);
    if (message.type === 'result') results.push(JSON.parse(message.result));
    if (results.length > 0) insertOne();
    if (results.length === count) break;
    next();
  }
  child.kill();
  db.close();
  const gaps = processGaps(results);
  const [p50, p99] = [quantile(gaps, 0.5), quantile(gaps, 0.99)];
  return { ...millis(p50), text: `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)} ms` };
}

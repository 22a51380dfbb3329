import { openRaw } from './lib/raw-sqlite.mjs';
import { startStint } from './lib/processes.mjs';
import { multiply, openDatabase } from './lib/rows.mjs';
import { quantile } from './lib/stats.mjs';
import { row } from './lib/table.mjs';

/** Unused sessions close after half an hour, so a session opened that long ago is due now. In milliseconds. */
const unusedTtl = 1800_000;
const perSecond = 100;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Measures how late deadlines are applied while many sessions are open. The deadlines are spread evenly, 100 a second.
 * The event log has the due time and the processing time of each.
 */
export async function lateness({ folder, quick, tell }) {
  const at = await folder();
  const sessions = quick ? 10_000 : 100_000;
  const seconds = quick ? 5 : 30;
  tell(`lateness: preparing ${sessions} sessions`);
  await prepare(at, sessions);
  const stint = await startStint(at);
  tell(`lateness: watching deadlines for ${seconds} s`);
  await pause(1000 * (seconds + 4));
  await stint.stop();
  const db = openDatabase(at, { readonly: true });
  const late = db
    .prepare("SELECT processed_at - at AS late FROM events WHERE type = 'session.closed' ORDER BY id")
    .all()
    .map((event) => event.late);
  db.close();
  if (late.length < (perSecond * seconds) / 2) throw new Error(`Only ${late.length} deadlines came.`);
  const floor = await bareTimers(at, quick ? 3 : 10);
  const [p50, p99] = [quantile(late, 0.5), quantile(late, 0.99)];
  return [
    row(
      `deadline lateness, ${sessions.toLocaleString('en')} open sessions`,
      { number: p50, p99, text: `p50 ${p50}, p99 ${p99} ms` },
      { number: floor.p50, ...floor, what: 'bare timers, one row committed each' },
      {
        target: { text: 'p99 ≤ 50 ms', met: p99 <= 50 },
        note: `${late.length} deadlines, ${perSecond} a second; worst ${Math.max(...late)} ms`,
      },
    ),
  ];
}

/** Opens one session through the API and copies its row; the first deadline is 4 s from now. */
async function prepare(folder, count) {
  const stint = await startStint(folder);
  const token = await stint.user('alice');
  await stint.backend('qpu', { limits: { unused_ttl: unusedTtl / 1000 } });
  const { id } = await stint.call('POST', '/sessions', { mode: 'batch', backend: 'qpu' }, token);
  await stint.stop();
  const db = openDatabase(folder);
  const opened = `(${Date.now() + 4000 - unusedTtl} + n * ${1000 / perSecond})`;
  multiply(db, 'sessions', `id = '${id}'`, count, {
    id: "printf('00000000-0000-7000-8000-%012d', n)",
    created_at: opened,
    idle_since: opened,
    due_at: `(${opened} + ${unusedTtl})`,
  });
  db.close();
}

async function bareTimers(folder, seconds) {
  const { db, insertOne } = openRaw(folder);
  const late = [];
  const startedAt = performance.now();
  for (let n = 1; n <= seconds * perSecond; n += 1) {
    const due = startedAt + (n * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await pause(wait);
    late.push(Math.max(0, performance.now() - due));
    insertOne();
  }
  db.close();
  const [p50, p99] = [quantile(late, 0.5), quantile(late, 0.99)];
  return { p50, p99, text: `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms` };
}

#!/usr/bin/env node
// Kills the service repeatedly at random moments under load, and checks its promises after a crash: every accepted job
// ends exactly once, downtime is not charged, and lost attempts are handled before the service is ready.
//
//   npm run torture:kills -- [--times 200] [--seed 1]
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { readOptions, wholeNumber } from '../lib/options.mjs';
import { portFree, startService } from '../lib/service.mjs';
import { withoutSettings } from '../lib/test-service.mjs';
import { aerJob, client, scriptedJob } from './load.mjs';

const usage = 'Usage: npm run torture:kills [-- [--times 200] [--seed 1]]';
const options = readOptions(
  { times: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
  usage,
);
const times = wholeNumber('times', options.times, usage);
const random = generator(wholeNumber('seed', options.seed, usage));

const folder = await mkdtemp(join(tmpdir(), 'stint-kills-'));
const adminToken = randomBytes(32).toString('hex');
const port = await portFree(0);
const env = { STINT_DATA: join(folder, 'data'), STINT_ADMIN_TOKEN: adminToken, STINT_LOG_LEVEL: 'warn' };
const start = () => startService({ port, inherit: withoutSettings(), env });

const accepted = new Set();
const down = [];
const startTimes = [];
let service = await start();
const { url } = service;
const made = await client({ url, token: adminToken })('POST', '/admin/tokens', {
  user: 'u',
  instance: 'kills',
});
const call = client({ url, token: made.token });

let loading = true;
const users = [dedicated('scripted'), dedicated('stint_line_5'), batch(), alone(), alone()];

let unsettled = 0;
for (let i = 1; i <= times; i += 1) {
  await pause(200 + random() * 1500);
  const killedAt = Date.now();
  process.kill(-service.pid, 'SIGKILL');
  await service.end;
  const begin = performance.now();
  const startedAt = Date.now();
  service = await start();
  startTimes.push(performance.now() - begin);
  down.push([killedAt, Date.now()]);
  unsettled += orphans(startedAt);
  if (i % 10 === 0 || i === times)
    console.log(`${i} kills, ${accepted.size} jobs accepted, last start ${Math.round(startTimes.at(-1))} ms`);
}
loading = false;
await Promise.all(users);
await untilEnded();
const findings = verify();
await service.stop();
await rm(folder, { recursive: true, force: true });

startTimes.sort((a, b) => a - b);
console.log(
  `start to ready: median ${Math.round(startTimes[startTimes.length >> 1])} ms, longest ${Math.round(startTimes.at(-1))} ms`,
);
for (const [name, ok, found] of findings) console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${found}`);
const failed = findings.filter(([, ok]) => !ok).length;
console.log(`${findings.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Opens dedicated sessions one after another, submits a few jobs in each, and drains them. */
async function dedicated(backend) {
  while (loading) {
    const session = await call('POST', '/sessions', { mode: 'dedicated', backend, interactive_ttl: 1 });
    if (session === null) await pause(100);
    else await fill(session.id, () => (backend === 'scripted' ? scriptedJob(random() * 0.2) : aerJob));
  }
}

async function batch() {
  while (loading) {
    const session = await call('POST', '/sessions', {
      mode: 'batch',
      backend: 'scripted',
      interactive_ttl: 1,
    });
    if (session === null) await pause(100);
    else await fill(session.id, () => scriptedJob(random() * 0.2));
  }
}

async function fill(session, job) {
  for (let i = 0; i < 5 && loading; i += 1) {
    const answer = await call('POST', '/jobs', { ...job(), session_id: session });
    if (answer !== null) accepted.add(answer.id);
  }
  while ((await call('PATCH', `/sessions/${session}`, { accepting_jobs: false })) === null) await pause(50);
  await pause(300);
}

async function alone() {
  while (loading) {
    const answer = await call('POST', '/jobs', random() < 0.3 ? aerJob : scriptedJob(random() * 0.1));
    if (answer !== null) accepted.add(answer.id);
    await pause(100 + random() * 200);
  }
}

function open() {
  return new Database(join(env.STINT_DATA, 'stint.sqlite'), { readonly: true });
}

/** Returns attempts that are shown as running although their process belonged to a killed service. */
function orphans(startedAt) {
  const db = open();
  const { n } = db
    .prepare("SELECT COUNT(*) AS n FROM jobs WHERE state = 'running' AND script IS NULL AND started_at < ?")
    .get(startedAt - 500);
  db.close();
  return n;
}

async function untilEnded() {
  const db = open();
  const unfinished = db.prepare("SELECT COUNT(*) AS n FROM jobs WHERE state IN ('queued', 'running')");
  const deadline = Date.now() + 300_000;
  while (unfinished.get().n > 0 && Date.now() < deadline) await pause(200);
  db.close();
}

function verify() {
  const db = open();
  const state = new Map(
    db
      .prepare('SELECT id, state FROM jobs')
      .all()
      .map((row) => [row.id, row.state]),
  );
  const lost = [...accepted].filter((id) => !state.has(id));
  const unended = [...state].filter(([, s]) => s === 'queued' || s === 'running');
  const twice = db
    .prepare(
      `SELECT job, COUNT(*) AS n FROM events WHERE type IN ('job.completed', 'job.failed', 'job.cancelled')
       GROUP BY job HAVING n > 1`,
    )
    .all();
  const failed = db
    .prepare("SELECT reason, COUNT(*) AS n FROM jobs WHERE state = 'failed' GROUP BY reason")
    .all();
  const charged = downtimeCharged(db);
  const attempts = db.prepare('SELECT MAX(attempts) AS n FROM jobs').get().n;
  const requeued = db.prepare("SELECT COUNT(*) AS n FROM events WHERE type = 'job.requeued'").get().n;
  db.close();
  return [
    ['every accepted job is there', lost.length === 0, `${accepted.size} accepted, ${lost.length} lost`],
    ['every job has ended', unended.length === 0, `${state.size} jobs, ${unended.length} not ended`],
    ['each exactly once', twice.length === 0, `${twice.length} ended more than once`],
    [
      'lost attempts are settled when the service is ready',
      unsettled === 0,
      `${requeued} were lost, ${unsettled} left`,
    ],
    ['no session is charged for downtime', charged === 0, `${charged} ms`],
    [
      'ready within 2 s',
      Math.max(...startTimes) <= 2000,
      `longest ${Math.round(Math.max(...startTimes))} ms`,
    ],
    [
      'jobs fail only when three runners in a row were killed',
      failed.every(({ reason }) => /runner was lost 3 times/.test(reason)),
      `${JSON.stringify(failed)}, at most ${attempts} attempts`,
    ],
  ];
}

/**
 * Returns the milliseconds of holds during which the service was down, jobs of the session waited and none ran. An idle
 * session is charged up to the due time of its interactive_ttl, even while the service is down.
 */
function downtimeCharged(db) {
  const holds = db.prepare(`SELECT session, "from", "to" FROM ledger WHERE kind = 'hold'`).all();
  const jobs = db.prepare('SELECT created_at, ended_at FROM jobs WHERE session = ?');
  const events = db.prepare(
    'SELECT type, at, job FROM events WHERE session = ? AND job IS NOT NULL ORDER BY id',
  );
  const first = db.prepare('SELECT MIN(processed_at) AS at FROM events WHERE processed_at > ?');
  // The service works before it answers requests, so from its first action on it is slow at most, and not down.
  const gaps = down.map(([from, ready]) => [from, Math.min(ready, first.get(from).at ?? ready)]);
  let sum = 0;
  for (const hold of holds) {
    for (const [from, to] of gaps) {
      const begin = Math.max(hold.from, from);
      const end = Math.min(hold.to, to);
      if (begin >= end) continue;
      const own = jobs.all(hold.session);
      const attempts = attemptsOf(events.all(hold.session));
      for (let at = begin; at < end; at += 1) {
        const waits = own.some((job) => job.created_at <= at && job.ended_at > at);
        const runs = attempts.some((attempt) => attempt.from <= at && attempt.to > at);
        if (waits && !runs) sum += 1;
      }
    }
  }
  return sum;
}

/** Returns the times of each attempt of a session's jobs. A restarted job has several attempts. */
function attemptsOf(events) {
  const running = new Map();
  const attempts = [];
  for (const { type, at, job } of events) {
    if (type === 'job.running') running.set(job, at);
    else if (running.has(job) && type !== 'job.stopping') {
      attempts.push({ from: running.get(job), to: at });
      running.delete(job);
    }
  }
  return attempts;
}

/** Mulberry32, so that the same seed gives the same moments, as far as a real clock allows. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

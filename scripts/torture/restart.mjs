#!/usr/bin/env node
// Kills the service, then a worker, during a session of real jobs. Checks that nothing is lost and that the session's
// clocks are right afterwards, even those that run out while the service is down. Also checks that a data folder has
// only one service, and that the admin token is shown once. Part of `npm run check`.
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inRoot } from '../lib/project.mjs';
import { pythonOf } from '../lib/python.mjs';
import { portFree, startService } from '../lib/service.mjs';
import { withoutSettings } from '../lib/test-service.mjs';
import { aerJob, client } from './load.mjs';

const folder = await mkdtemp(join(tmpdir(), 'stint-restart-'));
const port = await portFree(0);
const adminToken = randomBytes(32).toString('hex');
const env = {
  STINT_DATA: join(folder, 'data'),
  STINT_ADMIN_TOKEN: adminToken,
  STINT_LOG_LEVEL: 'error',
  STINT_CONFIG: inRoot('stint.example.yaml'),
  STINT_PYTHON: process.env.STINT_PYTHON ?? pythonOf('.venv'),
};
const start = () => startService({ port, inherit: withoutSettings(), env });
const findings = [];
const check = (name, ok, found = '') => {
  findings.push(ok);
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}${found === '' ? '' : `: ${found}`}`);
};

let service = await start();
const { url } = service;
const admin = client({ url, token: adminToken });
const user = async (name) =>
  client({ url, token: (await admin('POST', '/admin/tokens', { user: name, instance: name })).token });
const [alice, bob] = [await user('alice'), await user('bob')];

/** The same circuit many times, for seconds of real work. */
const slow = {
  ...aerJob,
  params: { ...aerJob.params, pubs: Array(150).fill([aerJob.params.pubs[0][0], null, 20_000]) },
};

const { id: session } = await alice('POST', '/sessions', { mode: 'dedicated', backend: 'stint_line_5' });
const inSession = [];
for (const job of [slow, aerJob, aerJob]) {
  inSession.push((await alice('POST', '/jobs', { ...job, session_id: session })).id);
}
const lone = (await bob('POST', '/jobs', aerJob)).id;
await until(async () => (await status(alice, inSession[0])) === 'Running', 'the first job runs');
await pause(500);
const before = await alice('GET', `/sessions/${session}`);
check('two jobs wait behind a running one', (await statuses()).join() === 'Running,Queued,Queued');

const first = service;
process.kill(first.pid, 'SIGKILL');
await first.end;
const goneAt = Date.now();
await until(async () => !groupAlive(first.pid), 'the workers of the dead service are gone');
check('the workers end by themselves', !groupAlive(first.pid));
await pause(1500);
const begin = performance.now();
// The service was down until here. The time until the new one is ready depends on the machine.
const outage = (Date.now() - goneAt) / 1000;
service = await start();
check(
  'it serves again',
  performance.now() - begin < 20_000,
  `after ${Math.round(performance.now() - begin)} ms`,
);

await until(async () => (await status(alice, inSession[0])) === 'Running', 'the lost job runs again');
// The API does not show which worker runs the job, so kill all of them.
for (const worker of children(service.pid)) process.kill(worker, 'SIGKILL');
await until(
  async () => (await statuses()).every((s) => s === 'Completed'),
  'all jobs of the session complete',
  120,
);
await alice('PATCH', `/sessions/${session}`, { accepting_jobs: false });
await until(async () => (await status(bob, lone)) === 'Completed', "the other user's job completes");
check('nothing submitted is lost and all of it completes', true);

const after = await alice('GET', `/sessions/${session}`);
const changed = ['started_at', 'activated_at', 'max_ttl', 'interactive_ttl'].filter(
  (key) => before[key] !== after[key],
);
check("the session's clocks are unchanged", changed.length === 0, changed.join());
const wall = (Date.parse(after.closed_at) - Date.parse(after.started_at)) / 1000;
check(
  'nobody is charged for the outage',
  after.elapsed_time <= wall - outage + 0.1 && after.elapsed_time > 0,
  `${after.elapsed_time} s of ${wall} s, ${outage} s or more down`,
);
const attempts = [];
for (const id of inSession) attempts.push((await alice('GET', `/jobs/${id}/metrics`)).attempts);
check('the first job took three attempts, the others one', attempts.join() === '3,1,1', attempts.join());
const events = (await alice('GET', `/sessions/${session}/events`)).events;
const ended = events.filter(({ type }) => type === 'job.completed').map(({ job_id }) => job_id);
check('each ended exactly once', ended.length === 3 && new Set(ended).size === 3);

await outlived();
await onlyOne();

const group = service.pid;
check('it stops in order', await service.stop());
await until(() => !groupAlive(group), 'its processes are gone');
check('and leaves no process behind', !groupAlive(group));
await tokenOnce();
await rm(folder, { recursive: true, force: true });
const failed = findings.filter((ok) => !ok).length;
console.log(`${findings.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Opens two sessions whose max_ttl ends while the service is down: one idle with a slot, one with a running job. */
async function outlived() {
  const seconds = 4;
  await admin('POST', '/admin/backends', { name: 'brief', driver: 'scripted' });
  const open = async (backend) =>
    (await alice('POST', '/sessions', { mode: 'dedicated', backend, max_ttl: seconds })).id;
  const [idle, busy] = [await open('brief'), await open('stint_line_5')];
  const lost = (await alice('POST', '/jobs', { ...slow, session_id: busy })).id;
  const quick = { program_id: 'scripted', backend: 'brief', params: { duration: 0 } };
  await alice('POST', '/jobs', { ...quick, session_id: idle });
  await until(async () => (await status(alice, lost)) === 'Running', 'a job runs in a session of 4 s');
  await pause(500);
  const [dead, killed] = [service, Date.now()];
  process.kill(dead.pid, 'SIGKILL');
  await dead.end;
  await pause(seconds * 1000);
  service = await start();
  for (const id of [idle, busy]) {
    const { state, state_reason, started_at, closed_at, elapsed_time } = await alice(
      'GET',
      `/sessions/${id}`,
    );
    const lived = (Date.parse(closed_at) - Date.parse(started_at)) / 1000;
    const name = id === idle ? 'idle' : 'busy';
    check(
      `max_ttl over while the service was down: the ${name} session is closed at its due time`,
      state === 'closed' && lived === seconds && /max_ttl/.test(state_reason),
      `${state} after ${lived} s`,
    );
    const most = id === idle ? seconds : (killed - Date.parse(started_at)) / 1000 + 0.1;
    check(
      `and charged for no more than ${id === idle ? 'that' : 'the time until the service died'}`,
      elapsed_time <= most && elapsed_time > 0,
      `${elapsed_time} s of at most ${most} s`,
    );
  }
  const { state } = await alice('GET', `/jobs/${lost}?exclude_params=true`);
  check('its job failed with 1217', state.status === 'Failed' && state.reason_code === 1217);
}

/**
 * Checks that a second service on the same data does not start and says why; the first goes on, its ledger in order.
 */
async function onlyOne() {
  const other = { ...env, STINT_ADMIN_TOKEN: randomBytes(32).toString('hex') };
  const refused = await startService({
    port: await portFree(0),
    inherit: withoutSettings(),
    env: other,
  }).then(
    async (second) => (await second.stop(), 'it started'),
    ({ message, output }) => `${message} ${output}`,
  );
  check('a second service on the same data is refused', /in use by another Stint/.test(refused));
  check('and the first one goes on', (await admin('GET', '/admin/backends')) !== null);
  const verify = [inRoot('dist', 'cli', 'main.js'), 'ledger', 'verify', '--data', env.STINT_DATA];
  const { status: code, stdout, stderr } = spawnSync(process.execPath, verify, { encoding: 'utf8' });
  check('its ledger is in order', code === 0, code === 0 ? '' : `${stdout}${stderr}`);
}

/** Checks that without a configured admin token the first start prints one, and the second does not. */
async function tokenOnce() {
  const printed = [];
  const unnamed = { ...env, STINT_DATA: join(folder, 'unnamed'), STINT_ADMIN_TOKEN: undefined };
  for (let i = 0; i < 2; i += 1) {
    const lines = [];
    const started = await startService({
      ...{ port: await portFree(0), inherit: withoutSettings(), env: unnamed },
      onWord: (line) => lines.push(line),
    });
    await started.stop();
    printed.push(lines.filter((line) => /^Admin token, shown this once: stint_[\w-]{43}$/.test(line)).length);
  }
  check(
    'an admin token is printed at the first start and at no other',
    printed.join() === '1,0',
    printed.join(),
  );
}

async function status(call, id) {
  return (await call('GET', `/jobs/${id}?exclude_params=true`))?.state.status;
}

async function statuses() {
  const all = [];
  for (const id of inSession) all.push(await status(alice, id));
  return all;
}

async function until(condition, what, seconds = 60) {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) {
      check(what, false, `not within ${seconds} s; jobs are ${(await statuses()).join(', ')}`);
      await service.stop(1);
      process.exit(1);
    }
    await pause(50);
  }
}

function groupAlive(pid) {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Returns the workers of a service. Each worker has a child process that watches it. */
function children(pid) {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const all = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return all.filter(([, parent]) => parent === pid).map(([child]) => child);
}

import { setTimeout as pause } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import { api, clientEnvironment } from './api.mjs';
import { Failure } from './failure.mjs';
import { inRoot } from './project.mjs';
import { run } from './run.mjs';

const example = 'examples/qiskit/bell_session.py';

/** Runs the Bell example with the real client, then checks with the service that the job ran and what it measured. */
export async function bellDemo({ url, user, python, log, show }) {
  const call = api(url, user.token, user.crn);
  await needBackend(call, 'stint_line_5');
  const before = new Set((await jobs(call)).map((job) => job.id));
  const env = { ...process.env, ...clientEnvironment(url, user), PYTHONUNBUFFERED: '1' };
  const { code, output } = await run(python, [inRoot(example)], { env, log, onLine: show, timeout: 240 });
  if (code !== 0) throw new Failure(`${example} failed.`, { output });

  const job = (await jobs(call)).find(({ id }) => !before.has(id));
  if (!job) throw new Failure(`${example} succeeded, but the service has no new job.`);
  const { state } = await call('GET', `/jobs/${job.id}?exclude_params=true`);
  if (state.status !== 'Completed') throw new Failure(`Job ${job.id} is ${state.status}, not Completed.`);
  const counts = bellCounts(await call('GET', `/jobs/${job.id}/results`));
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const words = Object.entries(counts)
    .sort()
    .map(([outcome, count]) => `${outcome}: ${count}`)
    .join(', ');
  const other = Object.keys(counts).filter((outcome) => outcome !== '00' && outcome !== '11');
  if (total === 0 || other.length > 0)
    throw new Failure(`A Bell pair gives only 00 and 11, but the result has ${words || 'no shots'}.`);
  return words;
}

/**
 * Returns whether the backends of the demos exist: a user's own configuration replaces the example with these backends.
 */
async function needBackend(call, name) {
  const found = await call('GET', `/backends/${name}/status`, undefined, { optional: true });
  if (found) return;
  throw new Failure(`There is no backend ${name}, which the demo uses.`, {
    hint: 'Copy it from stint.example.yaml into your own configuration (stint.yaml, or the file in STINT_CONFIG).',
  });
}

const jobs = async (call) => (await call('GET', '/jobs?limit=20&exclude_params=true')).jobs;

/** Counts the outcomes in the stored result of a two-qubit sampler job: shots are bytes of a packed numpy array. */
export function bellCounts(result) {
  const bits = find(result, (node) => node?.__type__ === 'BitArray')?.__value__;
  const packed = find(bits, (node) => node?.__type__ === 'ndarray')?.__value__;
  if (!packed || bits.num_bits !== 2)
    throw new Failure('The result of the Bell job has no two-bit measurements.');
  const npy = inflateSync(Buffer.from(packed, 'base64'));
  const shots = npy.subarray(10 + npy.readUInt16LE(8)); // magic, version, header length, header
  const counts = {};
  for (const shot of shots) {
    const outcome = shot.toString(2).padStart(2, '0');
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

function find(node, wanted) {
  if (node === null || typeof node !== 'object') return undefined;
  if (wanted(node)) return node;
  for (const child of Object.values(node)) {
    const hit = find(child, wanted);
    if (hit) return hit;
  }
  return undefined;
}

/** The demo without Python: runs a job that only waits, in a session, over plain HTTP. */
export async function scriptedDemo({ url, user, show }) {
  const call = api(url, user.token, user.crn);
  const backend = 'scripted';
  await needBackend(call, backend);
  const session = await call('POST', '/sessions', { mode: 'dedicated', backend });
  show(`Session ${session.id} on ${backend}`);
  const params = { duration: 1.5, outcome: 'completed', result: { message: 'hello from a scripted job' } };
  const job = await call('POST', '/jobs', {
    program_id: 'scripted',
    backend,
    session_id: session.id,
    params,
  });
  show(`Job ${job.id}`);
  const state = await ended(call, job.id);
  if (state.status !== 'Completed')
    throw new Failure(`The scripted job is ${state.status}: ${state.reason ?? 'no reason given'}`);
  show(`Result: ${JSON.stringify(await call('GET', `/jobs/${job.id}/results`))}`);
  await call('PATCH', `/sessions/${session.id}`, { accepting_jobs: false });
  const seen = await call('GET', `/sessions/${session.id}`);
  show('');
  show('Timeline (UTC)');
  for (const { status, timestamp } of seen.timestamps) show(`  ${timestamp.slice(11, 23)}  ${status}`);
  show('');
  show('Usage');
  show(`  session  ${seen.elapsed_time} s: the time ${backend} was kept for it`);
}

async function ended(call, id) {
  for (let tries = 0; tries < 300; tries += 1) {
    const { state } = await call('GET', `/jobs/${id}?exclude_params=true`);
    if (['Completed', 'Failed', 'Cancelled'].includes(state.status)) return state;
    await pause(100);
  }
  throw new Failure(`Job ${id} did not end within 30 s.`);
}

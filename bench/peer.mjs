import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { load, request, serial } from './lib/load.mjs';
import { freePort } from './lib/ports.mjs';
import { onProcess, owned, startStint, until } from './lib/processes.mjs';
import { openDatabase } from './lib/rows.mjs';
import { median, spread } from './lib/stats.mjs';
import { perSecond, row } from './lib/table.mjs';

const clients = 16;

/**
 * Measures the same empty jobs on a peer: BullMQ on Redis, with an append-only file that is flushed at every write, so
 * that an answered submit is as durable as in Stint. One job runs at a time, in a separate process.
 */
export async function peer({ folder, rounds, quick, tell }) {
  // BullMQ is not a dependency of the project: only this row needs it, and some registries lack its optional packages.
  if (!(await installed('bullmq')) || !(await installed('ioredis'))) {
    tell('peer: skipped, BullMQ is not installed (npm install --no-save bullmq@6.7.0 ioredis)');
    return [];
  }
  const redis = await startRedis(await folder());
  if (redis === null) {
    tell('peer: skipped, there is no redis-server on the PATH');
    return [];
  }
  const at = await folder();
  const stint = await startStint(at);
  const count = quick ? 500 : 3000;
  const figures = { bull: [], stint: [] };
  try {
    const token = await stint.user('alice');
    await stint.backend('qpu', onProcess);
    for (let round = 0; round < Math.min(rounds, 3); round += 1) {
      tell(`peer, round ${round + 1}`);
      figures.bull.push(await throughBullMq(redis.port, count));
      figures.stint.push(await throughStint(stint, at, token, count));
    }
  } finally {
    await stint.stop();
    await redis.stop();
  }
  const rowOf = (what, which) => {
    const [ours, theirs] = [figures.stint, figures.bull].map((each) => each.map((figure) => figure[which]));
    const ratios = ours.map((rate, round) => rate / theirs[round]);
    const floor = { ...perSecond(median(theirs)), what: 'BullMQ, appendfsync always' };
    return row(what, perSecond(median(ours)), floor, { ratio: median(ratios), noise: spread(ratios) });
  };
  return [
    row0(rowOf('no-op jobs, submitted, 16 clients', 'submitted')),
    rowOf('no-op jobs, submitted and run one by one', 'completed'),
  ];
}

const row0 = (each) => ({
  ...each,
  note: 'while they run. A submit is an HTTP request with a token here; with BullMQ a Redis command of its client library',
});

async function throughStint(stint, folder, token, count) {
  const body = { program_id: 'sampler', backend: 'qpu', params: { serial } };
  const db = openDatabase(folder, { readonly: true });
  const unfinished = db.prepare("SELECT 1 FROM jobs WHERE state IN ('queued', 'running') LIMIT 1");
  const startedAt = performance.now();
  const requests = [request('POST', '/api/v1/jobs', { token, body })];
  const { perSecond: submitted } = await load({ port: stint.port, connections: clients, count, requests });
  await until('the last job', async () => (unfinished.get() === undefined ? true : undefined));
  db.close();
  return { submitted, completed: (1000 * count) / (performance.now() - startedAt) };
}

async function throughBullMq(port, count) {
  const program = new URL('lib/bullmq.mjs', import.meta.url);
  const queue = `jobs-${performance.now()}`;
  const worker = owned(fork(program, ['work', String(port), queue, String(count)]));
  await once(worker, 'message');
  const startedAt = performance.now();
  const ended = once(worker, 'message');
  const adder = owned(fork(program, ['add', String(port), queue, String(count), String(clients)]));
  const [submitted] = await once(adder, 'message');
  await ended;
  const completed = (1000 * count) / (performance.now() - startedAt);
  worker.kill();
  adder.kill();
  return { submitted, completed };
}

const installed = (name) =>
  import(name).then(
    () => true,
    () => false,
  );

async function startRedis(folder) {
  try {
    execFileSync('redis-server', ['--version']);
  } catch {
    return null;
  }
  const port = await freePort();
  const flush = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  const child = owned(spawn('redis-server', [...where, ...flush], { stdio: ['ignore', 'pipe', 'inherit'] }));
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout) if (text.includes('Ready to accept connections')) break;
  return {
    port,
    async stop() {
      child.kill();
      await once(child, 'exit');
    },
  };
}

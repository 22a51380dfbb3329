import 'reflect-metadata';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { AppModule, makeDevices, makeRunners } from '../dist/app.module.js';
import { loadConfig } from '../dist/config/config.js';
import { chooseJobs } from '../dist/kernel/choice/choose-jobs.js';
import { Commands } from '../dist/scheduler/commands.service.js';
import { SystemClock } from '../dist/scheduler/system-clock.js';
import { openSqlite } from '../dist/storage/database.js';
import { startStint } from './lib/processes.mjs';
import { multiply, openDatabase } from './lib/rows.mjs';
import { median, quantile } from './lib/stats.mjs';
import { micros, row } from './lib/table.mjs';

const fairShareWindow = 28 * 24 * 3600 * 1000;
const instances = 10;
const jobsPerSession = 10;
const lanes = 5;
/** Each ends one job and starts one: with 100 queued there are enough for so many. */
const turns = 60;

/**
 * What the choice costs as the queue grows: the snapshot and the decision, in the process, on three databases in turn. Half
 * of the jobs are alone and half in batch sessions, of ten instances; five lanes are free.
 */
export async function choose({ folder, quick, tell }) {
  const queues = [];
  for (const size of quick ? [100, 10_000, 100_000] : [100, 10_000, 1_000_000]) {
    tell(`choose: preparing ${size.toLocaleString('en')} queued jobs`);
    queues.push(await openQueue(await folder(), size));
  }
  tell('choose: measuring');
  for (let round = 0; round < (quick ? 200 : 1000); round += 1) {
    for (const queue of queues) await queue.choose();
  }
  for (const queue of queues) await queue.begin();
  for (let round = 0; round < turns; round += 1) {
    for (const queue of queues) await queue.turn();
  }
  for (const queue of queues) await queue.close();
  return queues.map((queue) => rowOf(queue, queues[0]));
}

function rowOf({ size, choices, changes, lookUps }, base) {
  const growth = median(choices) / median(base.choices);
  return row(
    `choose among ${size.toLocaleString('en')} queued jobs`,
    micros(median(choices)),
    { ...micros(median(lookUps)), what: 'one job by primary key' },
    {
      ratio: median(choices) / median(lookUps),
      target:
        size === base.size
          ? undefined
          : { text: `${growth.toFixed(2)} × the first, ± 30 %`, met: growth <= 1.3 && growth >= 0.7 },
      note: `p99 ${quantile(choices, 0.99).toFixed(0)} µs; one job ends and the next starts, durable: ${median(changes).toFixed(0)} µs`,
    },
  );
}

async function openQueue(folder, size) {
  await prepare(folder, size);
  const data = join(folder, 'data');
  const { store, close } = await openSqlite(data);
  const config = loadConfig({ STINT_CONFIG: join(folder, 'stint.yaml'), STINT_DATA: data }, folder);
  const devices = makeDevices(config);
  const adapters = { store, clock: new SystemClock(), devices, runners: makeRunners(config, devices) };
  const app = await NestFactory.createApplicationContext(AppModule.with(config, adapters), { logger: false });
  const commands = app.get(Commands);
  const database = openDatabase(folder, { readonly: true });
  const running = database.prepare("SELECT id FROM jobs WHERE state = 'running' ORDER BY seq LIMIT 1");
  const queue = { size, choices: [], changes: [], lookUps: [] };
  return Object.assign(queue, {
    async choose() {
      await store.write(async (tx) => {
        await timed(queue.lookUps, () => tx.jobs.find(loneJob));
        await timed(queue.choices, async () =>
          chooseJobs(await tx.snapshot('qpu', Date.now(), fairShareWindow)),
        );
      });
    },
    begin: () => commands.run(async (unit) => unit.touch('qpu')),
    async turn() {
      const { id } = running.get();
      await timed(queue.changes, () =>
        commands.run(async (unit) =>
          unit.endJob(await unit.tx.jobs.find(id), { type: 'completed' }, unit.at),
        ),
      );
    },
    async close() {
      database.close();
      await app.close();
      await close();
    },
  });
}

async function timed(into, work) {
  const startedAt = performance.now();
  await work();
  into.push((performance.now() - startedAt) * 1000);
}

const id = (kind) => `printf('00000000-0000-7000-8000-${kind}%010d', n)`;
const loneJob = '00000000-0000-7000-8000-100000000007';

/** One session, one job in it and one alone through the API; the others are their copies. */
async function prepare(folder, size) {
  const stint = await startStint(folder);
  const token = await stint.user('alice');
  await stint.backend('qpu', { lanes });
  await stint.call('PATCH', '/admin/backends/qpu', { status: 'paused' });
  const session = await stint.call('POST', '/sessions', { mode: 'batch', backend: 'qpu' }, token);
  const job = { program_id: 'scripted', backend: 'qpu', params: { duration: 100_000 } };
  const alone = await stint.call('POST', '/jobs', job, token);
  const inside = await stint.call('POST', '/jobs', { ...job, session_id: session.id }, token);
  await stint.stop();

  const db = openDatabase(folder);
  const sessions = size / 2 / jobsPerSession;
  const nth = (n) => `'lab-' || (${n} % ${instances})`;
  const instance = (n) => `CASE WHEN ${n} % ${instances} = 0 THEN t.instance ELSE ${nth(n)} END`;
  multiply(db, 'instances', "name = 'lab-alice'", instances - 1, {
    id: nth('n'),
    name: nth('n'),
    crn: nth('n'),
  });
  multiply(db, 'jobs', `id = '${alone.id}'`, size / 2, { id: id('10'), instance: instance('n'), seq: null });
  const of = `((n - 1) / ${jobsPerSession} + 1)`;
  const first = db.prepare('SELECT MAX(seq) AS seq FROM jobs').get().seq + 1;
  multiply(db, 'jobs', `id = '${inside.id}'`, size / 2, {
    ...{ id: id('20'), seq: null, instance: instance(of) },
    session: `printf('00000000-0000-7000-8000-30%010d', ${of})`,
  });
  multiply(db, 'sessions', `id = '${session.id}'`, sessions, {
    ...{ id: id('30'), instance: instance('n'), queued_jobs: String(jobsPerSession) },
    head_seq: `(${first} + (n - 1) * ${jobsPerSession})`,
  });
  db.exec(`DELETE FROM jobs WHERE id IN ('${alone.id}', '${inside.id}')`);
  db.exec(`DELETE FROM sessions WHERE id = '${session.id}'`);
  db.exec(`UPDATE backends SET queued_jobs = ${size}, status = 'online'`);
  db.close();
}

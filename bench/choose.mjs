import 'reflect-metadata';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { AppModule, dialects, drivers, runnerMiddlewares } from '../dist/app.module.js';
import { assembleDrivers } from '../dist/assemble-drivers.js';
import { loadConfig } from '../dist/config/config.js';
import { chooseJobs } from '../dist/kernel/choice/choose-jobs.js';
import { Commands } from '../dist/scheduler/commands.service.js';
import { SystemClock } from '../dist/scheduler/system-clock.js';
import { openSqlite } from '../dist/storage/sqlite/database.js';
import { load, request } from './lib/load.mjs';
import { startStint } from './lib/processes.mjs';
import { longQueue, loneJob, lastLoneJob } from './lib/queue.mjs';
import { openDatabase } from './lib/rows.mjs';
import { median, quantile } from './lib/stats.mjs';
import { micros, millis, row } from './lib/table.mjs';

const fairShareWindow = 28 * 24 * 3600 * 1000;
/** Each round ends one job and starts one. The smallest queue has 100 jobs, enough for all rounds. */
const turns = 60;

/**
 * Measures the choice (snapshot and decision, in this process) as the queue grows, on three databases in turn. Half of
 * the jobs are lone jobs and half belong to batch sessions, of ten instances. Five lanes are free.
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
  const waits = [];
  for (const queue of queues) {
    tell(`choose: estimates among ${queue.size.toLocaleString('en')} queued jobs`);
    waits.push(await estimates(queue, quick ? 1 : 4));
  }
  return [
    ...queues.map((queue) => rowOf(queue, queues[0])),
    ...queues.map((queue, i) => waitRow(queue, waits[i], waits[0])),
  ];
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

/** Measures a read of the last lone job's metrics, with place and estimate: the first read, and repeated ones. */
async function estimates({ folder, size, token }, seconds) {
  const stint = await startStint(folder);
  try {
    const path = `/api/v1/jobs/${lastLoneJob(size)}/metrics`;
    const get = (how) =>
      load({ port: stint.port, connections: 1, requests: [request('GET', path, { token })], ...how });
    const { p50: first } = await get({ count: 1 });
    return { size, first, ...(await get({ seconds })) };
  } finally {
    await stint.stop();
  }
}

function waitRow({ size }, { first, p50, p99 }, base) {
  const growth = p50 / base.p50;
  return row(
    `metrics of a job among ${size.toLocaleString('en')} queued`,
    { ...millis(p50), text: `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms`, p99, first },
    size === base.size ? undefined : { ...millis(base.p50), what: `among ${base.size} (p50, 1 client)` },
    {
      ratio: size === base.size ? undefined : growth,
      note: `the first request after a start ${first.toFixed(0)} ms`,
    },
  );
}

async function openQueue(folder, size) {
  const { token } = await longQueue(folder, size);
  const data = join(folder, 'data');
  const tables = dialects.flatMap(({ tables }) => tables ?? []);
  const sections = dialects.flatMap(({ settings }) => settings ?? []);
  const { store, close } = await openSqlite(data, tables);
  const env = { STINT_CONFIG: join(folder, 'stint.yaml'), STINT_DATA: data };
  const config = loadConfig(env, folder, sections, drivers);
  const clock = new SystemClock();
  const driving = assembleDrivers(config, drivers, runnerMiddlewares(config, store, clock));
  const signingKey = new Uint8Array(32);
  const disk = { trouble: async () => null };
  const adapters = { ...driving, store, clock, signingKey, disk };
  const module = AppModule.with(config, adapters, dialects);
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  const commands = app.get(Commands);
  const database = openDatabase(folder, { readonly: true });
  const running = database.prepare("SELECT id FROM jobs WHERE state = 'running' ORDER BY seq LIMIT 1");
  const queue = { folder, size, token, choices: [], changes: [], lookUps: [] };
  return Object.assign(queue, {
    async choose() {
      await store.write(async (tx) => {
        await timed(queue.lookUps, () => tx.jobs.find(loneJob));
        await timed(queue.choices, async () =>
          chooseJobs(await tx.snapshot('qpu', Date.now(), fairShareWindow)),
        );
      });
    },
    begin: () => commands.run(async (unit) => unit.markForDispatch('qpu')),
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

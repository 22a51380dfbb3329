#!/usr/bin/env node
/**
 * `npm run bench`: measures each figure beside a baseline, in the same run, on the same machine and disk.
 *   -- --only submit,read   some of: start, submit, read, gap, lateness, choose, memory, peer, livy, bodies, nexosis-quality
 *   -- --quick              smaller and shorter, to see that everything works
 *   -- --dir FOLDER         the disk to measure; bench/results by default
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bodies } from './bodies.mjs';
import { choose } from './choose.mjs';
import { gap } from './gap.mjs';
import { lateness } from './lateness.mjs';
import { livy } from './livy.mjs';
import { memory } from './memory.mjs';
import { nexosisQuality } from './nexosis-quality.mjs';
import { peer } from './peer.mjs';
import { read } from './read.mjs';
import { start } from './start.mjs';
import { submit } from './submit.mjs';
import { endAll } from './lib/processes.mjs';
import { machine, print } from './lib/table.mjs';

const benches = {
  start,
  submit,
  read,
  gap,
  lateness,
  choose,
  memory,
  peer,
  livy,
  bodies,
  'nexosis-quality': nexosisQuality,
};
const results = fileURLToPath(new URL('results/', import.meta.url));

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean', default: false }, dir: { type: 'string' } },
});
const { quick } = options;
const chosen = options.only?.split(',') ?? Object.keys(benches);
const unknown = chosen.find((name) => !(name in benches));
if (unknown !== undefined) {
  console.error(`There is no bench called ${unknown}. There are: ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}

const disk = options.dir ?? results;
await mkdir(results, { recursive: true });
await mkdir(disk, { recursive: true });
const work = await mkdtemp(join(disk, 'run-'));
const facts = { ...machine(), quick, disk: options.dir ?? 'the project folder' };
const rows = [];
const tell = (what) => process.stderr.write(`  ${what}\n`);
const folder = () => mkdtemp(join(work, 'data-'));
const failures = [];
const cleanUp = () => {
  endAll();
  rmSync(work, { recursive: true, force: true });
};
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    cleanUp();
    process.exit(130);
  });
try {
  for (const name of chosen) {
    const started = performance.now();
    try {
      const task = { folder, quick, tell, rounds: quick ? 2 : 5, seconds: quick ? 1 : 3 };
      const found = await inTime(name, benches[name](task));
      rows.push(...found.map((each) => ({ bench: name, ...each })));
    } catch (error) {
      endAll();
      failures.push(name);
      console.error(`${name} failed: ${error.stack}`);
    }
    tell(`${name} took ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
} finally {
  cleanUp();
}
const after = machine();
console.log(
  `\n${facts.date}  ${facts.cores} × ${facts.cpu}, ${facts.memoryGb} GB, Linux ${facts.kernel}, Node ${facts.node}, ` +
    `commit ${facts.commit}, load before ${facts.load[0]}, after ${after.load[0]}\n`,
);
console.log(print(rows));
const file = join(results, `${facts.date.replace(/[:.]/g, '-')}.json`);
await writeFile(file, `${JSON.stringify({ ...facts, loadAfter: after.load, rows }, null, 2)}\n`);
console.log(`Written to ${file}`);
process.exit(failures.length > 0 ? 1 : 0);

/** Time limits, so that one hanging bench does not cost the figures of the others. Quality computes for 13 minutes. */
async function inTime(name, bench) {
  const minutes = name === 'nexosis-quality' ? 90 : 4;
  let late;
  const limit = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error(`${name} took more than ${minutes} minutes`)), minutes * 60_000);
  });
  try {
    return await Promise.race([bench, limit]);
  } finally {
    clearTimeout(late);
  }
}

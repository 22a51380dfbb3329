#!/usr/bin/env node
/**
 * `npm run bench`: each figure beside a floor that is measured in the same run, on the same machine and disk.
 *   -- --only submit,read   some of: submit, read, gap, lateness, choose, memory, peer, nexosis-quality
 *   -- --quick              smaller and shorter, to see that everything works
 *   -- --dir FOLDER         the disk to measure; bench/results by default
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { choose } from './choose.mjs';
import { gap } from './gap.mjs';
import { lateness } from './lateness.mjs';
import { memory } from './memory.mjs';
import { nexosisQuality } from './nexosis-quality.mjs';
import { peer } from './peer.mjs';
import { read } from './read.mjs';
import { submit } from './submit.mjs';
import { machine, print } from './lib/table.mjs';

const benches = { submit, read, gap, lateness, choose, memory, peer, 'nexosis-quality': nexosisQuality };
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
try {
  for (const name of chosen) {
    const started = performance.now();
    try {
      const found = await benches[name]({
        ...{ folder, quick, tell, rounds: quick ? 2 : 5, seconds: quick ? 1 : 4 },
      });
      rows.push(...found.map((each) => ({ bench: name, ...each })));
    } catch (error) {
      failures.push(name);
      console.error(`${name} failed: ${error.stack}`);
    }
    tell(`${name} took ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
} finally {
  await rm(work, { recursive: true, force: true });
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

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { foretell } from './foretold.js';
import { run } from './run.js';
import { shrink } from './shrink.js';
import { historyOf, type History, type Wanted } from './steps.js';
import { Tally } from './tally.js';
import { describeHistory } from './describe-history.js';
import { twins } from './twins.js';
import { shareOut } from './workers.js';

const usage = `npm run simulate -- [options]
  --seed N      the first seed (1)
  --seeds K     how many seeds, one after another (1)
  --steps M     steps for each seed (5000)
  --faults      the store, the runners and (with --restarts) the process fail
  --restarts    the service ends and starts again
  --twins       also run the beginning of each seed in other ways that must have the same result
  --foretell    also compare the estimated waits at the beginning of each seed with the real ones
  --workers W   how many processes share the seeds (1)
  --mutate X    make a known mistake in the service first, and expect a broken law
  --history F   replay a shrunk history from a file
  --save F      write the shrunk history to a file
  --tables F    write the final tables of each seed to F/seed-N.txt, to compare two versions of the service
STINT_SIMULATION_FOLDER: the folder of the databases (the temporary folder)`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    steps: { type: 'string', default: '5000' },
    faults: { type: 'boolean', default: false },
    restarts: { type: 'boolean', default: false },
    twins: { type: 'boolean', default: false },
    foretell: { type: 'boolean', default: false },
    workers: { type: 'string', default: '1' },
    // For a worker: it runs every n-th seed.
    stride: { type: 'string', default: '1' },
    mutate: { type: 'string' },
    history: { type: 'string' },
    save: { type: 'string' },
    tables: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const wanted: Wanted = { steps: Number(values.steps), faults: values.faults, restarts: values.restarts };
const [first, count, workers] = [Number(values.seed), Number(values.seeds), Number(values.workers)];

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (values.history !== undefined) {
    const history = JSON.parse(readFileSync(values.history, 'utf8')) as History;
    return fail(history, `the history in ${values.history}`);
  }
  const tally = new Tally(count);
  const code = workers > 1 ? await shareOut({ first, count, workers }, tally) : await seeds(tally);
  if (values.mutate === undefined || code !== null) return code ?? 0;
  console.log(`${values.mutate} was not found in ${tally.steps} steps.`);
  return 1;
}

/** Runs one seed after another. Returns null if every law held. */
async function seeds(tally: Tally): Promise<number | null> {
  const stride = Number(values.stride);
  for (let seed = first; seed < first + count * stride; seed += stride) {
    const history = historyOf(seed, wanted);
    const { broken, ...done } = await run(history);
    const foretold = values.foretell ? await foretell(seed) : 0;
    if (typeof foretold === 'string') {
      console.log(`\nSeed ${seed}, on one backend: ${foretold}`);
      return 1;
    }
    tally.add({ seed, ...done, foretold });
    if (values.tables !== undefined) {
      mkdirSync(values.tables, { recursive: true });
      writeFileSync(join(values.tables, `seed-${seed}.txt`), done.tables);
    }
    if (broken !== null) {
      const options = (['faults', 'restarts'] as const).filter((name) => values[name]);
      const again = ['--seed', seed, '--steps', values.steps, ...options.map((name) => `--${name}`)];
      if (values.mutate !== undefined) again.push('--mutate', values.mutate);
      console.log(
        `\nSeed ${seed} breaks a law at step ${done.steps}.\nAgain: npm run simulate -- ${again.join(' ')}`,
      );
      return fail(history, `seed ${seed}`);
    }
    const different = values.twins ? await twins(seed) : null;
    if (different !== null) {
      console.log(`\nSeed ${seed}: ${different}`);
      return 1;
    }
    // The parent of a worker reports.
    if (process.send === undefined) tally.print();
    else process.send({ seed, ...done, foretold, tables: '' });
  }
  return null;
}

async function fail(history: History, name: string): Promise<number> {
  const { history: shortest, outcome, path, runs } = await shrink(history, wanted);
  if (outcome.broken === null) {
    console.log(`${name}: every law held.`);
    return 0;
  }
  console.log(`The law "${outcome.broken.law}": ${outcome.broken.what}`);
  console.log(`The shortest history of ${name} that was found (${runs} runs, fast-check path ${path}):`);
  console.log(describeHistory(shortest));
  if (values.save !== undefined) {
    writeFileSync(values.save, JSON.stringify(shortest, null, 1));
    console.log(`Again: npm run simulate -- --history ${values.save}`);
  }
  // Finding a deliberate mistake is a success.
  return values.mutate === undefined ? 1 : 0;
}

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { run } from './run.js';
import { shrink, told } from './shrink.js';
import { historyOf, type History, type Wanted } from './steps.js';
import { twins } from './twins.js';

const usage = `npm run simulate -- [options]
  --seed N      the first seed (1)
  --seeds K     how many seeds, one after another (1)
  --steps M     steps for each seed (5000)
  --faults      the store, the runners and (with --restarts) the process fail
  --restarts    the service ends and starts again
  --twins       also do the beginning of each seed in other ways that must come out the same
  --mutate X    make a known mistake in the kernel first, and expect it to be found
  --history F   replay a shrunk history from a file
  --save F      write the shrunk history to a file`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    steps: { type: 'string', default: '5000' },
    faults: { type: 'boolean', default: false },
    restarts: { type: 'boolean', default: false },
    twins: { type: 'boolean', default: false },
    mutate: { type: 'string' },
    history: { type: 'string' },
    save: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const wanted: Wanted = { steps: Number(values.steps), faults: values.faults, restarts: values.restarts };
  if (values.history !== undefined) {
    return fail(
      JSON.parse(readFileSync(values.history, 'utf8')) as History,
      wanted,
      `the history in ${values.history}`,
    );
  }
  const begun = performance.now();
  const total = { steps: 0, jobs: 0, sessions: 0, restarts: 0 };
  const [first, count] = [Number(values.seed), Number(values.seeds)];
  for (let seed = first; seed < first + count; seed += 1) {
    const history = historyOf(seed, wanted);
    const { broken, steps, ...rest } = await run(history);
    total.steps += steps;
    total.jobs += rest.jobs;
    total.sessions += rest.sessions;
    total.restarts += rest.restarts;
    if (broken !== null) {
      const options = ['faults', 'restarts']
        .filter((name) => values[name as 'faults'])
        .map((name) => ` --${name}`);
      const again = `npm run simulate -- --seed ${seed} --steps ${values.steps}${options.join('')}`;
      console.log(`\nSeed ${seed} breaks a law at step ${steps}.\nAgain: ${again}`);
      return fail(history, wanted, `seed ${seed}`);
    }
    if (values.twins) {
      const different = await twins(seed);
      if (different !== null) {
        console.log(`\nSeed ${seed}: ${different}`);
        return 1;
      }
    }
    const passed = (performance.now() - begun) / 1000;
    if (seed === first + count - 1 || (seed - first) % 10 === 9)
      console.log(
        `seed ${seed}: ${total.steps} steps, ${total.jobs} jobs, ${total.sessions} sessions, ${total.restarts} restarts, ` +
          `${Math.round(passed)} s, ${Math.round(total.steps / passed)} steps/s; every law held`,
      );
  }
  if (values.mutate === undefined) return 0;
  console.log(`${values.mutate} was not found in ${total.steps} steps.`);
  return 1;
}

async function fail(history: History, wanted: Wanted, name: string): Promise<number> {
  const { history: shortest, outcome, path, runs } = await shrink(history, wanted);
  if (outcome.broken === null) {
    console.log(`${name}: every law held.`);
    return 0;
  }
  console.log(`The law "${outcome.broken.law}": ${outcome.broken.what}`);
  console.log(`The shortest history of ${name} that was found (${runs} runs, fast-check path ${path}):`);
  console.log(told(shortest));
  if (values.save !== undefined) {
    writeFileSync(values.save, JSON.stringify(shortest, null, 1));
    console.log(`Again: npm run simulate -- --history ${values.save}`);
  }
  // A mistake that was made on purpose and found is a success.
  return values.mutate === undefined ? 1 : 0;
}

import { historyOf } from './steps.js';
import { run } from './run.js';
const [seed, steps] = process.argv.slice(2).map(Number);
const wanted = { steps: steps ?? 100, faults: process.argv[4] === 'f', restarts: process.argv[4] !== undefined };
const t = performance.now();
const { tables, ...out } = await run(historyOf(seed ?? 1, wanted));
console.log(out, tables.length, Math.round(out.steps / (performance.now() - t) * 1000), 'steps/s');

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { owned } from './lib/processes.mjs';
import { median } from './lib/stats.mjs';
import { row } from './lib/table.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const workers = fileURLToPath(new URL('../workers/', import.meta.url));
const python = fileURLToPath(new URL('../.venv-learn/bin/python', import.meta.url));

/**
 * Measures the quality of the learner's answers beside a baseline on the same data: seasonal naive, a default random
 * forest, and periods in which nothing happened. The engine never sees the data that it is judged by (bench/quality).
 */
export async function nexosisQuality({ quick, tell }) {
  if (!existsSync(python)) {
    tell('nexosis-quality: skipped, npm run check -- --only python-learn makes its environment');
    return [];
  }
  const found = await answers(quick ? ['--quick'] : [], tell);
  return [...forecastRows(found.forecast), ...found.table.map(tableRow), ...impactRows(found.impact)];
}

function forecastRows(series) {
  const ratios = series.map(({ ours, naive }) => ours / naive);
  const middle = median(ratios);
  const each = series.map(({ name, ours, naive, champions, covered, seconds }) =>
    row(
      `forecast, ${name}`,
      score('MASE', ours),
      { ...score('', naive), what: 'seasonal naive' },
      {
        ratio: ours / naive,
        target: { text: 'below 1', met: ours < naive },
        note:
          `won by ${[...new Set(champions)].join(', ')}; ${Math.round(100 * covered)} % of the values lie between the ` +
          `levels 0.05 and 0.95; slowest session ${seconds.toFixed(1)} s`,
      },
    ),
  );
  const target = { text: 'at most 0.80', met: middle <= 0.8 };
  return [...each, row('forecast, median ratio', score('', middle), undefined, { ratio: middle, target })];
}

const tableRow = ({ name, measure, ours, forest, champions, seconds }) =>
  row(
    name,
    score(measure, ours),
    { ...score('', forest), what: 'default random forest' },
    {
      ratio: ours / forest,
      target: { text: 'at least 1', met: ours >= forest },
      note: `won by ${[...new Set(champions)].join(', ')}; slowest session ${seconds.toFixed(1)} s`,
    },
  );

function impactRows(kinds) {
  if (kinds.length === 0) return [];
  const sum = (which) => kinds.reduce((total, kind) => total + kind[which], 0);
  const runs = sum('runs');
  const share = (which) => ({ number: sum(which) / runs, text: `${sum(which)} of ${runs} runs` });
  const inside = share('inside');
  const alarms = share('false_alarms');
  const parts = kinds.map(({ kind, runs: n, inside: i, noticed: p, false_alarms: f }) => {
    return `${kind} series: ${i} of ${n} inside, ${p} with p < 0.05, ${f} false alarms`;
  });
  return [
    row('impact, known effect inside the interval', inside, undefined, {
      target: { text: 'at least 90 %', met: inside.number >= 0.9 },
      note: parts.join('; '),
    }),
    row('impact, p < 0.05 where nothing happened', alarms, undefined, {
      target: { text: 'at most 10 %', met: alarms.number <= 0.1 },
    }),
  ];
}

const score = (what, number) => ({ number, text: `${what} ${number.toFixed(4)}`.trim() });

/** Runs `python -m quality`. It writes progress to stderr, and the figures as its last line to stdout. */
async function answers(args, tell) {
  const child = owned(
    spawn(python, ['-m', 'quality', ...args], {
      cwd: here,
      env: { ...process.env, PYTHONPATH: workers },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-4000);
    for (const line of text.split('\n')) if (line.trim() !== '') tell(`nexosis-quality: ${line}`);
  });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`python -m quality ended with ${code}: ${errors}`);
  return JSON.parse(output.trim().split('\n').at(-1));
}

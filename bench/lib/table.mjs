import { cpus, totalmem, loadavg, release } from 'node:os';
import { execFileSync } from 'node:child_process';

/** Makes one row of the table. `target` is `{ text, met }`, or undefined if the row has no target. */
export const row = (what, value, floor, { ratio, target, noise, note } = {}) => ({
  ...{ what, value, floor, ratio, target, noise, note },
});

export const perSecond = (n) => ({ number: n, text: `${Math.round(n).toLocaleString('en')}/s` });
export const millis = (n) => ({ number: n, text: `${n.toFixed(n < 10 ? 2 : 1)} ms` });
export const micros = (n) => ({ number: n, text: `${n.toFixed(0)} µs` });
export const megabytes = (n) => ({ number: n, text: `${n.toFixed(1)} MB` });
export const times = (n) => `${n.toFixed(2)} ×`;
export const percent = (n) => `±${Math.round(100 * n)} %`;

const columns = [
  ['measure', (r) => r.what],
  ['Stint', (r) => r.value.text],
  ['floor', (r) => (r.floor === undefined ? '' : `${r.floor.text} ${r.floor.what ?? ''}`)],
  ['ratio', (r) => (r.ratio === undefined ? '' : times(r.ratio))],
  ['noise', (r) => (r.noise === undefined ? '' : percent(r.noise))],
  ['target', (r) => (r.target === undefined ? '' : `${r.target.text} ${r.target.met ? 'met' : 'NOT MET'}`)],
];

/** Formats the table: one line per row, aligned columns, notes below. */
export function print(rows) {
  const cells = [columns.map(([title]) => title), ...rows.map((r) => columns.map(([, cell]) => cell(r)))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  const draw = (line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd();
  const [head, ...body] = cells.map(draw);
  const notes = rows.filter(({ note }) => note !== undefined).map(({ what, note }) => `${what}: ${note}`);
  return [head, '-'.repeat(head.length), ...body, '', ...notes].join('\n');
}

export function machine() {
  const run = (command, ...args) => {
    try {
      return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      return null;
    }
  };
  return {
    date: new Date().toISOString(),
    commit: run('git', 'rev-parse', '--short', 'HEAD'),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    load: loadavg().map((n) => Number(n.toFixed(2))),
  };
}

import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';

const scripts = join(import.meta.dirname, '../../scripts');
const run = (script: string, ...args: string[]) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(process.execPath, [join(scripts, script), ...args], (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

it.each(['quickstart.mjs', 'check.mjs', 'torture/kill-loop.mjs', 'torture/retry-storm.mjs'])(
  '%s prints its usage for --help and for an unknown option',
  async (script) => {
    const usage = /^Usage: npm run \S+ \[-- .*\]\n$/;
    expect(await run(script, '--help')).toEqual({ code: 0, out: expect.stringMatching(usage), err: '' });
    const { code, err } = await run(script, '--no-such');
    expect([code, err]).toEqual([1, expect.stringMatching(/^\nUnknown option '--no-such'\.?\nUsage: .*\n$/)]);
  },
);

it.each([
  ['torture/kill-loop.mjs', 'times'],
  ['torture/retry-storm.mjs', 'jobs'],
])('%s accepts only whole numbers', async (script, option) => {
  const { code, err } = await run(script, `--${option}`, 'many');
  expect([code, err]).toEqual([
    1,
    expect.stringContaining(`--${option} must be a whole number, not "many".`),
  ]);
});

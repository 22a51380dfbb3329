#!/usr/bin/env node
// `npm run check`: runs everything that is checked before a change is merged. See CONTRIBUTING.md.
//   -- --list           list the steps
//   -- --only a,b       run only these steps and the steps that they need
//   -- --keep-going     do not stop at the first failure
// The closing line, `N passed, N failed`, counts the tests of all runners, and 1 for each failed step without tests.
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { checkSteps } from './lib/check-steps.mjs';
import { withoutColours } from './lib/colours.mjs';
import { inWords } from './lib/counts.mjs';
import { Failure, report } from './lib/failure.mjs';
import { requireNode } from './lib/node-packages.mjs';
import { readOptions } from './lib/options.mjs';
import { inRoot, shown } from './lib/project.mjs';
import { Steps } from './lib/steps.mjs';

const known = { list: { type: 'boolean' }, only: { type: 'string' }, 'keep-going': { type: 'boolean' } };
const usage = 'Usage: npm run check [-- [--list] [--only step,step] [--keep-going]]';
const logs = inRoot('data', 'check');
const ownZone = process.env.TZ ?? 'UTC';

async function main() {
  const { list, only, 'keep-going': keepGoing } = readOptions(known, usage);
  requireNode();
  const all = await checkSteps();
  if (list) {
    for (const { name, about } of all) console.log(`${name.padEnd(22)}${about}`);
    return 0;
  }
  await mkdir(logs, { recursive: true, mode: 0o700 });
  const chosen = choose(all, only);
  const progress = new Steps(chosen.length);
  const total = { passed: 0, failed: 0 };
  const broken = new Set();
  for (const step of chosen) {
    if (step.needs?.some((need) => broken.has(need))) {
      broken.add(step.name);
      progress.skip(
        step.name,
        `not run, it needs ${step.needs.filter((need) => broken.has(need)).join(', ')}`,
      );
      continue;
    }
    const { passed, failed } = await perform(step, progress);
    total.passed += passed;
    total.failed += failed;
    if (failed === 0) continue;
    broken.add(step.name);
    if (!keepGoing) break;
  }
  if (broken.size > 0) console.log(`\nNot in order: ${[...broken].join(', ')}. Full output: ${shown(logs)}`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return broken.size > 0 ? 1 : 0;
}

/** Returns the requested steps and the steps that they need, in the order of the list. */
function choose(all, only) {
  if (!only) return all;
  const wanted = new Set();
  const want = (name) => {
    const step = all.find((other) => other.name === name);
    if (!step) {
      throw new Failure(`There is no step called "${name}".`, {
        hint: `Steps: ${all.map((s) => s.name).join(', ')}`,
      });
    }
    wanted.add(name);
    step.needs?.forEach(want);
  };
  only.split(',').forEach((name) => want(name.trim()));
  return all.filter(({ name }) => wanted.has(name));
}

/** Runs one step. Writes its output to a file, and shows it if the step failed. */
async function perform({ name, work, counts, zone }, progress) {
  process.env.TZ = zone ?? ownZone;
  const log = createWriteStream(`${logs}/${name}.log`, { mode: 0o600 });
  let outcome;
  try {
    await progress.step(name, async (tell) => {
      const answer = await work({ tell, onLine: tell, log });
      outcome =
        typeof answer === 'string' ? { note: answer, passed: 0, failed: 0 } : judge([answer].flat(), counts);
      if (outcome.failed > 0) throw new Failure('', { output: outcome.output || outcome.note });
      return outcome.note;
    });
  } catch (error) {
    const { message, output, hint } = error;
    const seen = process.stdout.isTTY ? output : withoutColours(output ?? '');
    console.log([seen?.trimEnd(), message, hint].filter(Boolean).join('\n'));
    outcome = { passed: outcome?.passed ?? 0, failed: outcome?.failed || 1 };
  } finally {
    log.end();
  }
  return outcome;
}

function judge(results, counts) {
  const wrong = results.filter(({ code }) => code !== 0);
  const output = wrong.map((result) => result.output.trimEnd()).join('\n\n');
  if (!counts) return { note: wrong.length > 0 ? '' : 'in order', passed: 0, failed: wrong.length, output };
  const found = counts(results[0].output);
  if (!found || found.passed + found.failed === 0) {
    return { note: 'It ran no test.', passed: 0, failed: 1, output: results[0].output };
  }
  const failed = wrong.length > 0 ? Math.max(1, found.failed) : found.failed;
  return { ...found, failed, note: inWords({ ...found, failed }), output };
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
main().then(
  (code) => process.exit(code),
  (error) => {
    report(error);
    process.exit(1);
  },
);

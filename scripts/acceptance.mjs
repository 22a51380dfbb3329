#!/usr/bin/env node
// Plays acceptance scenarios against the built service on a virtual clock: `node scripts/acceptance.mjs [folder]`,
// where the folder (default test/acceptance) has a run.mjs and scenarios/*.json.
import { resolve } from 'node:path';
import { acceptanceFolder, playAcceptance } from './lib/acceptance.mjs';
import { report } from './lib/failure.mjs';

const [folder = acceptanceFolder] = process.argv.slice(2);
try {
  const { code } = await playAcceptance(resolve(folder), { onLine: (line) => console.log(line) });
  process.exit(code);
} catch (error) {
  report(error);
  process.exit(1);
}

#!/usr/bin/env node
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './commands.js';

const home = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { code, out, err = '' } = runCommand(process.argv.slice(2), process.env, home);
process.stdout.write(out);
process.stderr.write(err);
// process.exit would drop output that a slow pipe has not read yet.
process.exitCode = code;

#!/usr/bin/env node
/** `npm run check:long`: what takes too long for every change. Each entry is a command and what is set for it. */
import { spawnSync } from 'node:child_process';
import { inRoot } from './lib/project.mjs';

const commands = [
  {
    about: 'how the work for a request grows with its input, with larger inputs',
    command: ['npm', 'test', '--', 'test/http/growth.spec.ts'],
    env: { STINT_GROWTH: 'long' },
  },
];

let failed = 0;
for (const { about, command, env } of commands) {
  console.log(`\n${about}: ${command.join(' ')}`);
  const [program, ...args] = command;
  const { status } = spawnSync(program, args, {
    cwd: inRoot(),
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  if (status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);

#!/usr/bin/env node
/** A worker that returns its params unchanged. It escapes non-ASCII characters, as the Python workers do. */
import { createInterface } from 'node:readline';

const ascii = (text) =>
  text.replace(/[\u007f-\uffff]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
const say = (message) => process.stdout.write(`${ascii(JSON.stringify(message))}\n`);

say({
  type: 'ready',
  protocol: 2,
  pid: process.pid,
  programs: ['sampler'],
  not_repeatable: [],
  versions: {},
});
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { type, job, token, params } = JSON.parse(line);
    if (type === 'shutdown') process.exit(0);
    if (type === 'start') {
      say({ type: 'started', job, token });
      say({ type: 'result', job, token, outcome: 'completed', result: params });
    }
  })
  .on('close', () => process.exit(0));

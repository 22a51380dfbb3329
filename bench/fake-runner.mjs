#!/usr/bin/env node
/**
 * A worker that does nothing, at once: it speaks the attempt protocol (docs/attempt-protocol.md) and answers each job with
 * the moments at which it received the task and sent the answer. The gap between two jobs is what it waits in between.
 */
import { createInterface } from 'node:readline';

const now = () => performance.timeOrigin + performance.now();
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

const programs = ['sampler', 'estimator', 'executor'];
say({ type: 'ready', protocol: 2, pid: process.pid, programs, versions: { fake: '1' } });

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const received = now();
    const { type, job, token, params } = JSON.parse(line);
    if (type === 'shutdown') process.exit(0);
    if (type === 'cancel') say({ type: 'result', outcome: 'cancelled', job, token });
    if (type === 'start')
      // Long params come back as they are: only whoever sends such wants to know what that costs.
      say({
        ...{ type: 'result', job, token, outcome: 'completed' },
        result: params.length > 1e6 ? params : JSON.stringify({ received, answered: now() }),
      });
  })
  .on('close', () => process.exit(0));

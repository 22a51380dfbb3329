#!/usr/bin/env node
/**
 * A worker that does no work. It speaks the attempt protocol (docs/attempt-protocol.md) and completes each job at once.
 * The result has the times at which it received the task and sent the result; in between two jobs it only waits.
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
      // Returns long params unchanged, so that a bench can measure large results.
      say({
        ...{ type: 'result', job, token, outcome: 'completed' },
        result: params.length > 1e6 ? params : JSON.stringify({ received, answered: now() }),
      });
  })
  .on('close', () => process.exit(0));

import { describe, expect, it } from '@jest/globals';
import { act } from './act.js';
import { foretell } from './foretold.js';
import { run, type Options } from './run.js';
import { shrink } from './shrink.js';
import { historyOf } from './steps.js';
import { describeHistory } from './describe-history.js';
import { twins } from './twins.js';

/** The same as `npm run simulate -- --seed N --steps 1000 --faults --restarts`. */
const options = { steps: 1000, faults: true, restarts: true };

describe('the simulation', () => {
  it.each([6, 7, 12, 2026])('with seed %i, faults and restarts breaks no law', async (seed) => {
    const { broken, restarts, jobs } = await run(historyOf(seed, options));
    expect(broken).toBeNull();
    expect(restarts).toBeGreaterThan(5);
    expect(jobs).toBeGreaterThan(100);
  });

  it('with one seed has the same result twice, in smaller steps, with restarts and with kills', async () => {
    expect(await twins(1)).toBeNull();
  });

  it.each([6, 11, 14])('with seed %i starts its jobs at the estimated times', async (seed) => {
    expect(await foretell(seed)).toBeGreaterThan(5);
  });

  it('reports the shortest history that breaks a law', async () => {
    // An invented law that gets broken: no session closes while a job waits.
    const instead: Options['instead'] = async (world, step) => {
      await act(world, step);
      const failed = [...world.shadow.jobs.values()].find(({ endCode }) => endCode === 'session_closed');
      if (failed !== undefined) world.laws.report('made up', `${failed.id} was closed with its session`);
    };
    const plain = { steps: 300, faults: false, restarts: false, plain: true };
    const { history, outcome } = await shrink(historyOf(3, plain), plain, { instead, seconds: 15 });
    expect(outcome.broken).toMatchObject({ law: 'made up' });
    expect(describeHistory(history).split('\n').length - 1).toBeLessThanOrEqual(5);
  });
});

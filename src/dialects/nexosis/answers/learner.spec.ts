import { expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, Clock, RunnerListener, Runners, Store, Task } from '../../../scheduler/ports.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Learner } from './learner.js';

it('an answer that could not be stored is told again: the job would keep its lane, and the service would end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stint-learner-'));
  const inner = { listen: () => undefined, start: () => undefined } as unknown as Runners;
  const store = { read: { query: { one: () => Promise.resolve(null) } } } as unknown as Store;
  const told: Answer[] = [];
  const listener = {
    answered: (_job: string, _token: string, answer: Answer) => {
      told.push(answer);
      return told.length === 1 ? Promise.reject(new Error('the disk is full')) : Promise.resolve();
    },
  } as unknown as RunnerListener;
  const learner = new Learner(inner, store, { now: () => 0, wall: () => 0 } as Clock, folder);
  learner.listen(listener);

  learner.start({ job: 'j1', token: 't1', program: 'predict', params: '{"model":"none"}' } as Task);

  await eventually('the second telling', () => Promise.resolve(told.length >= 2));
  expect(told[1]).toMatchObject({ type: 'failed', reason: expect.stringContaining('/nexosis/v1/models') });
  learner.close();
  await rm(folder, { recursive: true });
});

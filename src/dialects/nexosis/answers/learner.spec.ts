import { expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttemptEnd, Clock, RunnerListener, Runners, Store, Task } from '../../../scheduler/ports.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Learner } from './learner.js';

it('retries to store the end of an attempt, because its job keeps its lane until then', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stint-learner-'));
  const inner = { listen: () => undefined, start: () => undefined } as unknown as Runners;
  const store = { read: { query: { one: () => Promise.resolve(null) } } } as unknown as Store;
  const answers: AttemptEnd[] = [];
  const listener = {
    attemptEnded: (_job: string, _token: string, answer: AttemptEnd) => {
      answers.push(answer);
      return answers.length === 1 ? Promise.reject(new Error('the disk is full')) : Promise.resolve();
    },
  } as unknown as RunnerListener;
  const learner = new Learner(inner, store, { now: () => 0, wall: () => 0 } as Clock, folder);
  learner.listen(listener);

  learner.start({ job: 'j1', token: 't1', program: 'predict', params: '{"model":"none"}' } as Task);

  await eventually('the second answer', () => Promise.resolve(answers.length >= 2));
  expect(answers[1]).toMatchObject({ type: 'failed', reason: expect.stringContaining('/nexosis/v1/models') });
  learner.close();
  await rm(folder, { recursive: true });
});

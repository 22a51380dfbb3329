import { describe, expect, it } from '@jest/globals';
import { after, givenJob } from '../../../test/support/given.js';
import { seconds } from '../time.js';
import { isFinal, jobDeadlineOf, jobStates, type Job } from './job.js';

const scripted = (duration: number) => ({ duration: seconds(duration), outcome: 'completed' as const });
const stop = { at: after(30), reason: 'cancelled by user alice', endCode: null };

/** The limit is 100 s unless overridden. */
const deadlines: [string, Partial<Job>, ReturnType<typeof jobDeadlineOf>][] = [
  ['queued: it may wait for ever', {}, null],
  ['completed', { state: 'completed', startedAt: after(0) }, null],
  ['running on a runner', { state: 'running' }, { kind: 'job_limit', at: after(100) }],
  [
    'scripted and shorter than its limit',
    { state: 'running', script: scripted(99.999) },
    { kind: 'job_end', at: after(99.999) },
  ],
  [
    'scripted and exactly as long as its limit',
    { state: 'running', script: scripted(100) },
    { kind: 'job_limit', at: after(100) },
  ],
  [
    'scripted and longer than its limit',
    { state: 'running', script: scripted(500) },
    { kind: 'job_limit', at: after(100) },
  ],
  ['scripted to end at once', { state: 'running', script: scripted(0) }, { kind: 'job_end', at: after(0) }],
  ['asked to stop: 10 s of grace', { state: 'running', stop }, { kind: 'kill', at: after(40) }],
];

describe('the deadline of a job', () => {
  it.each(deadlines)('%s', (_, given, due) => expect(jobDeadlineOf(givenJob(given))).toEqual(due));
});

it('completed, failed and cancelled are final, queued and running are not', () => {
  expect(jobStates.filter(isFinal)).toEqual(['completed', 'failed', 'cancelled']);
});

import { describe, expect, it } from '@jest/globals';
import { givenBackend } from '../../test/support/store.js';
import type { RunnerListener, Runners, Task } from '../scheduler/ports.js';
import { RunnersByDriver } from './runners-by-driver.js';

/** Runners of one driver that record the calls they get. */
class RecordingRunners implements Runners {
  readonly calls: string[] = [];
  listener: RunnerListener | undefined;

  constructor(private readonly driver: string) {}

  listen(listener: RunnerListener): void {
    this.listener = listener;
  }
  programs = (driver: string) => (driver === this.driver ? [`${driver} program`] : null);
  learnPrograms = (): Promise<void> => Promise.resolve();
  isRepeatable = (program: string) => program !== `${this.driver} once`;
  unavailable = (driver: string) => (driver === this.driver ? `${driver} is not installed` : null);
  release = () => undefined;
  survivors = () => new Set<string>();
  start = ({ job }: Task) => void this.calls.push(`start ${job}`);
  stop = (job: string) => void this.calls.push(`stop ${job}`);
  kill = (job: string) => void this.calls.push(`kill ${job}`);
}

function given() {
  const [aer, learner] = [new RecordingRunners('aer'), new RecordingRunners('learner')];
  const answers: string[] = [];
  const all = new RunnersByDriver({ aer, learner });
  all.listen({
    attemptEnded: async (job) => void answers.push(job),
    logged: async () => undefined,
    lastAttempt: async () => undefined,
    processEnded: async () => undefined,
    runChange: () => Promise.reject(new Error('no tables')),
  });
  const task = (job: string, driver: string) =>
    ({ job, token: `of ${job}`, backend: givenBackend({ driver }) }) as unknown as Task;
  return { all, aer, learner, answers, task };
}

describe('runners by driver', () => {
  it('know the programs of each driver, and why it is unavailable', () => {
    const { all } = given();
    expect([all.programs('aer'), all.programs('learner'), all.programs('spark')]).toEqual([
      ['aer program'],
      ['learner program'],
      null,
    ]);
    expect([all.unavailable('learner'), all.unavailable('spark')]).toEqual([
      'learner is not installed',
      null,
    ]);
    expect([all.isRepeatable('learner once'), all.isRepeatable('other')]).toEqual([false, true]);
  });

  it('start, stop and kill an attempt on the runners of its backend’s driver', () => {
    const { all, aer, learner, task } = given();
    all.start(task('j1', 'learner'));
    all.start(task('j2', 'aer'));
    all.stop('j1', 'of j1');
    all.kill('j2', 'of j2');
    expect([learner.calls, aer.calls]).toEqual([
      ['start j1', 'stop j1'],
      ['start j2', 'kill j2'],
    ]);
  });

  it('send a stop of an unknown attempt to the first runners, which report it as lost', () => {
    const { all, aer } = given();
    all.stop('j9', 'unknown');
    expect(aer.calls).toEqual(['stop j9']);
  });

  it('report the attempt ends of all drivers', async () => {
    const { learner, aer, answers } = given();
    await learner.listener?.attemptEnded('j1', 'of j1', { type: 'stopped' });
    await aer.listener?.attemptEnded('j2', 'of j2', { type: 'stopped' });
    expect(answers).toEqual(['j1', 'j2']);
  });
});

describe('a driver with several runners', () => {
  it('runs a program on the first that has it, and any other on the first', () => {
    const [one, two] = [new RecordingRunners('learner'), new RecordingRunners('learner')];
    two.programs = () => ['predict'];
    const all = new RunnersByDriver({ learner: [one, two] });
    expect(all.programs('learner')).toEqual(['learner program', 'predict']);
    const task = (job: string, program: string) =>
      ({ job, token: job, program, backend: givenBackend({ driver: 'learner' }) }) as unknown as Task;
    for (const program of ['predict', 'learner program', 'unknown']) all.start(task(program, program));
    all.stop('predict', 'predict');
    expect(two.calls).toEqual(['start predict', 'stop predict']);
    expect(one.calls).toEqual(['start learner program', 'start unknown']);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { RunnerListener, Runners, Task } from '../scheduler/ports.js';
import type { RunnerMiddleware, Driver, DriverContext } from './driver.js';
import { makeRunners } from './make-runners.js';

/** Runners that record the calls they get. */
class RecordingRunners implements Runners {
  listener: RunnerListener | undefined;

  constructor(
    private readonly name: string,
    private readonly calls: string[],
  ) {}

  listen(listener: RunnerListener): void {
    this.listener = listener;
  }
  programs = () => [`program of ${this.name}`];
  learnPrograms = (): Promise<void> => Promise.resolve();
  isRepeatable = () => true;
  unavailable = () => null;
  release = () => undefined;
  survivors = () => new Set<string>();
  start = ({ job }: Task) => void this.calls.push(`${this.name} starts ${job}`);
  stop = () => undefined;
  kill = () => undefined;
}

function given() {
  const calls: string[] = [];
  const places = new Map<string, DriverContext>();
  const driver = (name: string): Driver => ({
    ...{ name, options: {}, programs: [] },
    runners(place) {
      places.set(name, place);
      return {
        runners: [new RecordingRunners(name, calls)],
        resume: () => void calls.push(`resume ${name}`),
        warmUp: () => void calls.push(`warm up ${name}`),
        close: () => void calls.push(`close ${name}`),
      };
    },
  });
  const played: Driver = { name: 'played', options: {}, programs: ['play'] };
  const place = { home: '/home' } as Omit<DriverContext, 'progressed'>;
  const all = [driver('one'), played, driver('two')];
  return { calls, places, all, placeOf: () => place };
}

describe('the runners of all drivers', () => {
  it('are resumed, warmed up where a backend has the driver, and closed', async () => {
    const { calls, all, placeOf } = given();
    const made = makeRunners(all, placeOf);
    expect(calls).toEqual([]);
    made.resume();
    await made.warmUp(new Set(['two', 'played', 'unknown']));
    await made.close();
    expect(calls).toEqual(['resume one', 'resume two', 'warm up two', 'close one', 'close two']);
  });

  it('know no driver whose jobs are played', () => {
    const { all, placeOf } = given();
    const { runners } = makeRunners(all, placeOf);
    expect([runners.programs('one'), runners.programs('played')]).toEqual([['program of one'], null]);
  });

  it('of one driver may be wrapped; the wrapper gets progress, and workers start after it is ready', async () => {
    const { calls, places, all, placeOf } = given();
    let ready = () => undefined as void;
    const between = (inner: Runners): RunnerMiddleware =>
      Object.assign(new RecordingRunners('between', calls), {
        ready: new Promise<void>((resolve) => {
          ready = resolve;
        }),
        start: (task: Task) => inner.start({ ...task, job: `prepared ${task.job}` }),
        progressed: ({ token }: Pick<Task, 'token'>, { done }: { done: number }) =>
          void calls.push(`${token} has done ${done}`),
        close: () => void calls.push('close between'),
      });
    const made = makeRunners(all, placeOf, new Map([['two', between]]));
    for (const driver of ['one', 'two'])
      made.runners.start({
        job: driver,
        token: driver,
        program: 'x',
        backend: { driver },
      } as unknown as Task);
    places.get('two')?.progressed({ token: 't1' }, { done: 3, total: 5, message: '' });
    places.get('one')?.progressed({ token: 't2' }, { done: 1, total: 5, message: '' });
    expect(calls.splice(0)).toEqual(['one starts one', 'two starts prepared two', 't1 has done 3']);
    const warm = made.warmUp(new Set(['one']));
    await Promise.resolve();
    expect(calls).toEqual([]);
    ready();
    await warm;
    await made.close();
    expect(calls).toEqual(['warm up one', 'close between', 'close one', 'close two']);
  });
});

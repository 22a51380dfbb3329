import { describe, expect, it } from '@jest/globals';
import type { RunnerListener, Runners, Task } from '../scheduler/ports.js';
import type { Between, Driver, DriverPlace } from './driver.js';
import { makeRunners } from './make-runners.js';

/** Runners that note what they are told. */
class Noted implements Runners {
  listener: RunnerListener | undefined;

  constructor(
    private readonly name: string,
    private readonly told: string[],
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
  start = ({ job }: Task) => void this.told.push(`${this.name} starts ${job}`);
  stop = () => undefined;
  kill = () => undefined;
}

function given() {
  const told: string[] = [];
  const places = new Map<string, DriverPlace>();
  const driver = (name: string): Driver => ({
    ...{ name, options: {}, programs: [] },
    runners(place) {
      places.set(name, place);
      return {
        runners: [new Noted(name, told)],
        resume: () => void told.push(`resume ${name}`),
        warmUp: () => void told.push(`warm up ${name}`),
        close: () => void told.push(`close ${name}`),
      };
    },
  });
  const played: Driver = { name: 'played', options: {}, programs: ['play'] };
  const place = { home: '/home' } as Omit<DriverPlace, 'progressed'>;
  const all = [driver('one'), played, driver('two')];
  return { told, places, all, placeOf: () => place };
}

describe('the runners of all drivers', () => {
  it('are resumed, warmed up where a backend has the driver, and closed', async () => {
    const { told, all, placeOf } = given();
    const made = makeRunners(all, placeOf);
    expect(told).toEqual([]);
    made.resume();
    await made.warmUp(new Set(['two', 'played', 'unknown']));
    await made.close();
    expect(told).toEqual(['resume one', 'resume two', 'warm up two', 'close one', 'close two']);
  });

  it('know no driver whose jobs are played', () => {
    const { all, placeOf } = given();
    const { runners } = makeRunners(all, placeOf);
    expect([runners.programs('one'), runners.programs('played')]).toEqual([['program of one'], null]);
  });

  it('of one driver may have somebody between them and the scheduler, who hears of progress and is waited for', async () => {
    const { told, places, all, placeOf } = given();
    let ready = () => undefined as void;
    const between = (inner: Runners): Between =>
      Object.assign(new Noted('between', told), {
        ready: new Promise<void>((resolve) => {
          ready = resolve;
        }),
        start: (task: Task) => inner.start({ ...task, job: `prepared ${task.job}` }),
        progressed: ({ token }: Pick<Task, 'token'>, { done }: { done: number }) =>
          void told.push(`${token} has done ${done}`),
        close: () => void told.push('close between'),
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
    expect(told.splice(0)).toEqual(['one starts one', 'two starts prepared two', 't1 has done 3']);
    const warm = made.warmUp(new Set(['one']));
    await Promise.resolve();
    expect(told).toEqual([]);
    ready();
    await warm;
    await made.close();
    expect(told).toEqual(['warm up one', 'close between', 'close one', 'close two']);
  });
});

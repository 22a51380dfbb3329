import { describe, expect, it } from '@jest/globals';
import type { Interpreters } from '../scheduler/ports.js';
import { InterpretersByDriver } from './interpreters-by-driver.js';

/** The interpreters of a driver with one session and one job, both named like the driver. */
function given(name: string) {
  let end = () => undefined as void;
  const gone = new Promise<void>((resolve) => {
    end = resolve;
  });
  const own = <T>(id: string, value: T) => (id === name ? value : null);
  const interpreters: Interpreters = {
    hasProcess: (session) => session === name,
    whenEnded: (id) => (id === name ? gone : Promise.resolve()),
    about: (session) => own(session, { appId: name, uiUrl: null }),
    progress: (job) => own(job, 0),
    log: async (id, lines) => own(id, { stdout: [`${lines} lines of ${name}`], stderr: [] }),
    complete: async (session, { code }) => own(session, [`${code} of ${name}`]) ?? [],
    kindMissing: (kind) => `${name} has no ${kind}`,
  };
  return { interpreters, end: () => end() };
}

const [one, two] = [given('one'), given('two')];
const all = new InterpretersByDriver(
  new Map([
    ['one', one.interpreters],
    ['two', two.interpreters],
  ]),
);

describe('interpreters by driver', () => {
  it('get the calls for their own sessions and jobs', async () => {
    const request = { kind: 'k', code: 'x', cursor: 1 };
    expect(
      ['one', 'two', 'three'].map((id) => [all.hasProcess(id), all.about(id)?.appId, all.progress(id)]),
    ).toEqual([
      [true, 'one', 0],
      [true, 'two', 0],
      [false, undefined, null],
    ]);
    expect((await all.log('two', 5))?.stdout).toEqual(['5 lines of two']);
    expect(await all.log('three')).toBeNull();
    expect([await all.complete('two', request), await all.complete('three', request)]).toEqual([
      ['x of two'],
      [],
    ]);
  });

  it("report the kinds that a backend's driver lacks", () => {
    const missing = (driver: string) => all.kindMissing('k', { driver, options: {} });
    expect([missing('two'), missing('three')]).toEqual(['two has no k', null]);
  });

  it('resolve whenEnded() when the process of that session has ended', async () => {
    const ended: string[] = [];
    const waiting = all.whenEnded('two').then(() => ended.push('two'));
    await all.whenEnded('three').then(() => ended.push('three'));
    two.end();
    await waiting;
    expect(ended).toEqual(['three', 'two']);
  });
});

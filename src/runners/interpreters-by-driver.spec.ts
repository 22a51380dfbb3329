import { describe, expect, it } from '@jest/globals';
import type { Interpreters } from '../scheduler/ports.js';
import { InterpretersByDriver } from './interpreters-by-driver.js';

/** The interpreters of a driver that has one session and one job, both of its own name. */
function given(name: string) {
  let end = () => undefined as void;
  const gone = new Promise<void>((resolve) => {
    end = resolve;
  });
  const own = <T>(id: string, value: T) => (id === name ? value : null);
  const interpreters: Interpreters = {
    lives: (session) => session === name,
    gone: (id) => (id === name ? gone : Promise.resolve()),
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
  it('are asked about the sessions and jobs that are theirs', async () => {
    const ask = { kind: 'k', code: 'x', cursor: 1 };
    expect(
      ['one', 'two', 'three'].map((id) => [all.lives(id), all.about(id)?.appId, all.progress(id)]),
    ).toEqual([
      [true, 'one', 0],
      [true, 'two', 0],
      [false, undefined, null],
    ]);
    expect((await all.log('two', 5))?.stdout).toEqual(['5 lines of two']);
    expect(await all.log('three')).toBeNull();
    expect([await all.complete('two', ask), await all.complete('three', ask)]).toEqual([['x of two'], []]);
  });

  it('say of the driver of a backend which kinds it lacks', () => {
    const missing = (driver: string) => all.kindMissing('k', { driver, options: {} });
    expect([missing('two'), missing('three')]).toEqual(['two has no k', null]);
  });

  it('are waited for until the one in question is gone', async () => {
    const heard: string[] = [];
    const waiting = all.gone('two').then(() => heard.push('two'));
    await all.gone('three').then(() => heard.push('three'));
    two.end();
    await waiting;
    expect(heard).toEqual(['three', 'two']);
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ControlGroups, type ControlGroup } from './control-groups.js';

const groups = ControlGroups.find(`test-${process.pid}`);
const made: ControlGroup[] = [];
let count = 0;
const group = (memoryBytes: number | null, processes: number | null) => {
  const one = groups!.create(`g${(count += 1)}`, { memoryBytes, processes });
  made.push(one);
  return one;
};
afterEach(() => made.splice(0).forEach((each) => each.remove()));

/** Runs a command in a group, as a sandbox is started in it. */
const run = (one: ControlGroup, ...command: string[]) =>
  spawnSync(
    '/bin/sh',
    ['-c', 'for door in $DOORS; do echo 0 > "$door" || exit 125; done; exec "$@"', 'sh', ...command],
    { env: { DOORS: one.doors.join(' '), PATH: '/usr/bin:/bin' }, encoding: 'utf8', timeout: 60_000 },
  );
const node = (code: string) => [process.execPath, '-e', code];
const megabyte = 1024 ** 2;

// Without root, and without a delegated group, a machine lets nobody make one: limits are watched then.
const describeGroups = groups === null ? describe.skip : describe;

describeGroups('a control group', () => {
  it('lets run what keeps to its limits, and is gone afterwards', () => {
    const one = group(256 * megabyte, 64);
    expect(run(one, ...node('console.log("fine")'))).toMatchObject({ status: 0, stdout: 'fine\n' });
    expect([one.breach(), one.members(), one.remove()]).toEqual([null, [], true]);
    expect(one.doors.filter((door) => existsSync(door))).toEqual([]);
  });

  it('ends what uses more memory, and names the limit', () => {
    const one = group(128 * megabyte, null);
    const { signal } = run(one, ...node('const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1));'));
    expect(signal).toBe('SIGKILL');
    expect(one.breach()).toBe('it used more memory than its limit of 128 MB');
  });

  it('starts no more processes than its limit, and names it', () => {
    const one = group(null, 4);
    run(one, '/bin/sh', '-c', 'for i in 1 2 3 4 5 6; do sleep 1 & done; wait');
    expect(one.breach()).toBe('it started more processes and threads than its limit of 4');
  });

  it('knows its members, and stays while it has one', async () => {
    const one = group(null, 64);
    const pid = execFileSync(
      '/bin/sh',
      ['-c', `echo 0 > ${one.doors[0]}; sleep 60 >/dev/null 2>&1 & echo $!`],
      { encoding: 'utf8' },
    );
    expect(one.members()).toEqual([Number(pid)]);
    expect(one.remove()).toBe(false);
    process.kill(Number(pid), 'SIGKILL');
    for (let i = 0; i < 100 && one.members().length > 0; i++)
      await new Promise((next) => setTimeout(next, 20));
    expect(one.remove()).toBe(true);
  });

  it('that an earlier service left is removed at the start', () => {
    const one = group(null, 8);
    expect(groups!.clear()).toBe(0);
    expect(one.doors.filter((door) => existsSync(door))).toEqual([]);
  });
});

describe('without control groups', () => {
  it('there is none to be had', () => expect(ControlGroups.find('x', '/proc/self/none')).toBeNull());
});

import { beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../test/support/eventually.js';
import { givenPool, givenTask, untilGone, type GivenPool } from '../../test/support/runners.js';
import { givenFolder } from '../../test/support/store.js';
import { isStopped } from './process-table.js';

beforeAll(() => Logger.overrideLogger(false));

const stoppedWhy = (seconds: number) => `its process was stopped and gave no sign of life for ${seconds} s`;

describe('a worker that is stopped', () => {
  it('loses its job and is killed long before the time limit of the job', async () => {
    const { pool, listener } = givenPool({ patience: { stopped: 500 } });
    pool.start(givenTask('j1', { do: 'hang' }));
    const pid = await listener.pidOf('j1');
    process.kill(pid, 'SIGSTOP');
    expect(await listener.answerOf('j1')).toEqual({ type: 'lost', why: stoppedWhy(0.5) });
    await untilGone(pid);
  });

  it('keeps its job if it is continued in time', async () => {
    const { pool, listener } = givenPool({ patience: { stopped: 60_000 } });
    pool.start(givenTask('j1', { do: 'work until cancelled' }));
    const pid = await listener.pidOf('j1');
    process.kill(pid, 'SIGSTOP');
    process.kill(pid, 'SIGCONT');
    pool.stop('j1', '1');
    expect(await listener.answerOf('j1')).toEqual({ type: 'stopped' });
  });

  it('while it is idle gets no job', async () => {
    const { pool, listener } = givenPool({ patience: { stopped: 60_000 } });
    pool.start(givenTask('j1'));
    await listener.answerOf('j1');
    const idle = await listener.pidOf('j1');
    process.kill(idle, 'SIGSTOP');
    await eventually('that it is stopped', () => isStopped(idle));
    pool.start(givenTask('j2'));
    expect(await listener.answerOf('j2')).toMatchObject({ type: 'completed' });
    expect(await listener.pidOf('j2')).not.toBe(idle);
  });

  it('while it is idle is killed and replaced', async () => {
    const file = join(await givenFolder(), 'births');
    const births = async () => (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(0, -1);
    const { pool } = givenPool({ warm: 1, worker: [`--births=${file}`], patience: { stopped: 300 } });
    pool.warmUp();
    const [first] = await eventually('a process', async () => (await births()).length === 1 && births());
    process.kill(Number(first), 'SIGSTOP');
    await eventually('its successor', async () => (await births()).length === 2);
    await untilGone(Number(first));
  });

  it('before it is ready loses the job that waits for it', async () => {
    const file = join(await givenFolder(), 'births');
    const worker = ['--ready=never', `--births=${file}`];
    const { pool, listener } = givenPool({ worker, patience: { stopped: 300 } });
    pool.start(givenTask('j1'));
    const pid = await eventually(
      'a process',
      async () => Number(await readFile(file, 'utf8').catch(() => 0)) || undefined,
    );
    process.kill(pid, 'SIGSTOP');
    expect(await listener.answerOf('j1')).toMatchObject({ type: 'lost', why: stoppedWhy(0.3) });
  });
});

describe('a job whose process uses no processor time', () => {
  const within = (milliseconds: number | null): GivenPool => ({ stalledAfter: () => milliseconds });

  it('is lost after stalled_after, and its process is killed', async () => {
    const { pool, listener } = givenPool(within(1000));
    pool.start(givenTask('j1', { do: 'wait for nothing' }));
    const pid = await listener.pidOf('j1');
    const why = 'its process used no processor time for 1 s';
    expect(await listener.answerOf('j1')).toEqual({ type: 'lost', why });
    await untilGone(pid);
  });

  it('is lost, and the child processes of its process are killed', async () => {
    const file = join(await givenFolder(), 'child');
    const { pool, listener } = givenPool(within(1000));
    pool.start(givenTask('j1', { do: 'wait for a child', file }));
    expect(await listener.answerOf('j1')).toMatchObject({ type: 'lost' });
    await untilGone(Number(await readFile(file, 'utf8')));
  });

  it.each(['compute', 'let a child compute'])('is not a job whose process does: %s', async (deed) => {
    const { pool, listener } = givenPool(within(400));
    pool.start(givenTask('j1', { do: deed, milliseconds: 2000 }));
    expect(await listener.answerOf('j1')).toMatchObject({ type: 'completed' });
  });

  it('is not lost if its backend has no such limit, and an idle worker is not killed', async () => {
    const { pool, listener } = givenPool(within(null));
    pool.start(givenTask('j1', { do: 'work until cancelled' }));
    await listener.pidOf('j1');
    const other = givenPool(within(200));
    other.pool.start(givenTask('j1'));
    const idle = await other.listener.pidOf('j1');
    // A third pool with a limit of 1 s shows that more time than the 200 ms has passed.
    const third = givenPool(within(1000));
    third.pool.start(givenTask('j1', { do: 'wait for nothing' }));
    await third.listener.answerOf('j1');
    other.pool.start(givenTask('j2'));
    await other.listener.answerOf('j2');
    expect(await other.listener.pidOf('j2')).toBe(idle);
    pool.stop('j1', '1');
    expect(await listener.answerOf('j1')).toEqual({ type: 'stopped' });
  });
});

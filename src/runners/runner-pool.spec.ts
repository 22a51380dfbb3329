import { beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, isAlive } from '../../test/support/eventually.js';
import { givenPool, givenTask, untilGone, type Deed } from '../../test/support/runners.js';
import { givenFolder } from '../../test/support/store.js';

beforeAll(() => Logger.overrideLogger(false));

/** Runs one job on one worker and returns how its attempt ended. */
async function outcomeOf(deed: Deed, ...worker: string[]) {
  const { pool, listener } = givenPool({ worker });
  pool.start(givenTask('j1', deed));
  return listener.answerOf('j1');
}

describe('an attempt end', () => {
  it('is reported to the listener with its attempt', async () => {
    const { pool, listener } = givenPool();
    pool.start(givenTask('j1', { do: 'answer' }, 'attempt-7'));
    await listener.answerOf('j1');
    expect(listener.answers).toEqual([
      { job: 'j1', token: 'attempt-7', answer: { type: 'completed', result: expect.any(String) } },
    ]);
  });

  it('is reported with the versions that the worker named, for a result and for a failure', async () => {
    for (const deed of [{ do: 'answer' }, { do: 'fail', error: { message: 'm' } }])
      expect(await outcomeOf(deed, '--qiskit=2.6.0')).toMatchObject({ ranWith: { qiskit: '2.6.0' } });
  });

  it('of a failure has its reason, code and traceback', async () => {
    const error = { message: 'too wide', reason_code: 1106, traceback: 'Traceback' };
    expect(await outcomeOf({ do: 'fail', error })).toEqual({
      ...{ type: 'failed', reason: 'too wide' },
      ...{ reasonCode: 1106, traceback: 'Traceback' },
    });
  });

  it('of a failure without a traceback has none', async () => {
    expect(await outcomeOf({ do: 'fail', error: { message: 'm', traceback: undefined } })).toEqual({
      ...{ type: 'failed', reason: 'm', reasonCode: null, traceback: null },
    });
  });

  it('is reported once, even if the worker sends it twice', async () => {
    const { pool, listener } = givenPool();
    pool.start(givenTask('j1', { do: 'answer twice' }));
    await listener.answerOf('j1');
    pool.start(givenTask('j2'));
    await listener.answerOf('j2');
    expect(listener.answers.map(({ job }) => job)).toEqual(['j1', 'j2']);
  });

  it('for another attempt or another job is ignored', async () => {
    const { pool, listener } = givenPool();
    pool.start(givenTask('j1', { do: 'answer late' }));
    const answer = await listener.answerOf('j1');
    expect(answer).toEqual({ type: 'completed', result: `"${await listener.pidOf('j1')}"` });
    expect(listener.answers).toHaveLength(1);
  });

  it('is reported again until the listener succeeds', async () => {
    const { pool, listener } = givenPool();
    listener.failures = 2;
    pool.start(givenTask('j1'));
    expect(await listener.answerOf('j1')).toMatchObject({ type: 'completed' });
    expect(listener.answers).toHaveLength(1);
  });
});

describe('other output of a worker', () => {
  it('is ignored if it is not a message', async () => {
    expect(await outcomeOf({ do: 'write rubbish' })).toMatchObject({ type: 'completed' });
  });

  it('reaches the listener line by line before the attempt end if it is a log', async () => {
    const { pool, listener } = givenPool();
    pool.start(givenTask('j1', { do: 'flood the log', lines: 5000 }));
    await listener.answerOf('j1');
    const lines = listener.logs.filter(({ level }) => level === 'info').map(({ text }) => text);
    expect(lines).toEqual(Array.from({ length: 5000 }, (_, i) => `line ${i}`));
  });
});

describe('a process', () => {
  it('works on one job after another', async () => {
    const { pool, listener } = givenPool();
    for (const job of ['j1', 'j2', 'j3']) {
      pool.start(givenTask(job));
      await listener.answerOf(job);
    }
    const pids = listener.logs.map(({ text }) => text);
    expect(new Set(pids).size).toBe(1);
  });

  it('works on one job at a time', async () => {
    const { pool, listener } = givenPool();
    pool.start(givenTask('j1', { do: 'hang' }));
    pool.start(givenTask('j2', { do: 'hang' }));
    expect(await listener.pidOf('j1')).not.toBe(await listener.pidOf('j2'));
  });

  it('gets an attempt once', async () => {
    const { pool, listener } = givenPool();
    const task = givenTask('j1', { do: 'work until cancelled' });
    pool.start(task);
    pool.start(task);
    await listener.pidOf('j1');
    pool.stop('j1', '1');
    await listener.answerOf('j1');
    expect(listener.logs).toHaveLength(1);
  });

  it('gets its job even if it starts slowly', async () => {
    expect(await outcomeOf({ do: 'answer' }, '--ready=300')).toMatchObject({ type: 'completed' });
  });
});

describe('stop and kill', () => {
  it('stop cancels the attempt and keeps the process', async () => {
    const { pool, listener } = givenPool();
    pool.start(givenTask('j1', { do: 'work until cancelled' }));
    const pid = await listener.pidOf('j1');
    pool.stop('j1', '1');
    expect(await listener.answerOf('j1')).toEqual({ type: 'stopped' });
    expect(isAlive(pid)).toBe(true);
  });

  it('kill ends a process that ignores the stop', async () => {
    const { pool, listener } = givenPool();
    pool.start(givenTask('j1', { do: 'hang' }));
    const pid = await listener.pidOf('j1');
    pool.stop('j1', '1');
    pool.kill('j1', '1');
    expect(await listener.answerOf('j1')).toEqual({ type: 'lost', why: 'it was ended by SIGKILL' });
    expect(isAlive(pid)).toBe(false);
  });

  it.each(['stop', 'kill'] as const)(
    '%s of an attempt that no process works on reports it as lost',
    async (end) => {
      const { pool, listener } = givenPool();
      pool.start(givenTask('j1', { do: 'hang' }, '2'));
      const pid = await listener.pidOf('j1');
      pool[end]('j1', '1');
      expect(await listener.answerOf('j1')).toEqual({ type: 'lost', why: 'no process works on it' });
      expect(listener.answers.map(({ token }) => token)).toEqual(['1']);
      expect(isAlive(pid)).toBe(true);
    },
  );
});

describe('processes kept warm', () => {
  const births = async (file: string) =>
    (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

  it('are started before the first job, and replaced when one dies', async () => {
    const file = join(await givenFolder(), 'births');
    const { pool } = givenPool({ warm: 2, worker: [`--births=${file}`] });
    pool.warmUp();
    const first = await eventually('two processes', async () => {
      const all = await births(file);
      return all.length === 2 && all;
    });
    process.kill(Number(first[0]), 'SIGKILL');
    await eventually('a third process', async () => (await births(file)).length === 3);
    expect(isAlive(Number(first[1]))).toBe(true);
  });

  it('are not restarted after three failed starts in a row, until a job tries again', async () => {
    const file = join(await givenFolder(), 'births');
    const { pool, listener } = givenPool({ warm: 1, worker: [`--births=${file}`, '--last-words=no'] });
    pool.warmUp();
    await eventually('three processes', async () => (await births(file)).length === 3);
    for (const pid of await births(file)) await untilGone(Number(pid));
    // A job may still get the third process before its end is noticed.
    let jobs = 0;
    await eventually('a fourth process', async () => {
      pool.start(givenTask(`j${(jobs += 1)}`));
      expect(await listener.answerOf(`j${jobs}`)).toMatchObject({ type: 'lost' });
      return (await births(file)).length === 4;
    });
  });

  it('do not exist if no worker is installed', () => {
    const { pool } = givenPool({ warm: 1, worker: null, missing: 'run npm run quickstart' });
    pool.warmUp();
    expect(pool.unavailable('aer')).toBe('run npm run quickstart');
    expect(pool.unavailable('scripted')).toBeNull();
  });
});

describe('the programs of a driver', () => {
  it('are the known ones and those that a worker names when it is ready', async () => {
    const { pool } = givenPool({ worker: ['--programs=order,sampler'] });
    expect([pool.programs('aer'), pool.programs('spark')]).toEqual([['sampler'], null]);
    await pool.learnPrograms('aer');
    expect([pool.programs('aer'), pool.programs('spark')]).toEqual([['sampler', 'order'], null]);
  });

  it('are learned from one worker only, and from the one that is already starting', async () => {
    const file = join(await givenFolder(), 'births');
    const { pool } = givenPool({ warm: 1, worker: ['--programs=order', '--ready=200', `--births=${file}`] });
    pool.warmUp();
    await Promise.all([pool.learnPrograms('aer'), pool.learnPrograms('aer')]);
    await pool.learnPrograms('aer');
    expect(pool.programs('aer')).toEqual(['sampler', 'order']);
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(1);
  });

  it('are only the known ones if no worker can start', async () => {
    for (const given of [{ worker: null }, { worker: ['--last-words=no'] }, { command: '/no/such/python' }]) {
      const { pool } = givenPool(given);
      await pool.learnPrograms('aer');
      expect(pool.programs('aer')).toEqual(['sampler']);
    }
  });

  it('are only those that the pool accepts', async () => {
    const takes = (program: string) => program !== 'predict';
    const { pool } = givenPool({ takes, worker: ['--programs=order,predict'] });
    await pool.learnPrograms('aer');
    expect(pool.programs('aer')).toEqual(['sampler', 'order']);
  });
});

describe('a third-party worker for version 1 of the protocol', () => {
  const old = ['--protocol=1', '--qiskit=1.0', '--once=order', '--programs=order,sampler'];

  it('gets jobs and completes them', async () => {
    expect(await outcomeOf({ do: 'answer' }, ...old)).toEqual({
      ...{ type: 'completed', result: expect.any(String), ranWith: { qiskit: '1.0' } },
    });
    const error = { message: 'too wide', reason_code: 1106, traceback: 'Traceback', fault: 'input' };
    expect(await outcomeOf({ do: 'fail', error }, ...old)).toMatchObject({
      ...{ type: 'failed', reason: 'too wide', reasonCode: 1106, traceback: 'Traceback' },
    });
  });

  it('names its programs, logs, and can be cancelled', async () => {
    const { pool, listener } = givenPool({ worker: old });
    pool.start(givenTask('j1', { do: 'work until cancelled' }));
    await listener.pidOf('j1');
    expect(pool.programs('aer')).toEqual(['sampler', 'order']);
    expect(pool.isRepeatable('order')).toBe(false);
    pool.stop('j1', '1');
    expect(await listener.answerOf('j1')).toEqual({ type: 'stopped' });
  });
});

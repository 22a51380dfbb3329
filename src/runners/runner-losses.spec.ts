import { beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../test/support/eventually.js';
import { givenPool, givenTask, untilGone, type Deed, type GivenPool } from '../../test/support/runners.js';
import { givenFolder } from '../../test/support/store.js';

beforeAll(() => Logger.overrideLogger(false));

async function outcomeOf(deed: Deed, given: GivenPool = {}) {
  const { pool, listener } = givenPool(given);
  pool.start(givenTask('j1', deed));
  return listener.answerOf('j1');
}

describe('an attempt is lost, once,', () => {
  it('when its process dies, with the last line of stderr', async () => {
    const { pool, listener } = givenPool();
    pool.start(givenTask('j1', { do: 'die', code: 9, words: 'first\nout of memory\n' }));
    expect(await listener.answerOf('j1')).toEqual({
      ...{ type: 'lost', why: 'it exited with code 9', words: 'out of memory' },
    });
    pool.start(givenTask('j2'));
    await listener.answerOf('j2');
    expect(listener.answers.map(({ job }) => job)).toEqual(['j1', 'j2']);
  });

  it('when someone kills its process', async () => {
    const { pool, listener } = givenPool();
    pool.start(givenTask('j1', { do: 'hang' }));
    process.kill(await listener.pidOf('j1'), 'SIGTERM');
    expect(await listener.answerOf('j1')).toEqual({ type: 'lost', why: 'it was ended by SIGTERM' });
  });

  it('when its worker cannot start, with the last line of stderr', async () => {
    const words = 'ModuleNotFoundError: qiskit';
    const worker = [`--last-words=${words}`];
    const why = 'it exited with code 3';
    expect(await outcomeOf({ do: 'answer' }, { worker })).toEqual({ type: 'lost', why, words });
  });

  it('when the program of its worker does not exist', async () => {
    expect(await outcomeOf({ do: 'answer' }, { command: '/no/such/python' })).toEqual({
      type: 'lost',
      why: 'it could not be started',
      words: expect.stringContaining('/no/such/python'),
    });
  });

  it('when no worker is installed', async () => {
    expect(await outcomeOf({ do: 'answer' }, { worker: null, missing: 'none is installed' })).toEqual({
      ...{ type: 'lost', why: 'none is installed' },
    });
  });

  it('when its worker speaks an unknown version of the protocol', async () => {
    expect(await outcomeOf({ do: 'answer' }, { worker: ['--protocol=3'] })).toEqual({
      type: 'lost',
      why: 'it speaks protocol 3, this service speaks 2',
    });
  });

  it('when its worker is not ready in time', async () => {
    const patience = { ready: 100 };
    expect(await outcomeOf({ do: 'answer' }, { worker: ['--ready=never'], patience })).toEqual({
      type: 'lost',
      why: 'it was not ready after 0.1 s',
    });
  });

  it('when its worker sends a result without having been ready', async () => {
    const patience = { ready: 300 };
    expect(await outcomeOf({ do: 'answer' }, { worker: ['--ready=unsaid'], patience })).toMatchObject({
      ...{ type: 'lost', why: expect.stringContaining('it was not ready') },
    });
  });

  it('when its worker received it but does not begin in time', async () => {
    const patience = { started: 100 };
    const worker = ['--ready=200'];
    expect(await outcomeOf({ do: 'not even begin' }, { worker, patience })).toEqual({
      type: 'lost',
      why: 'it did not begin its job within 0.1 s',
    });
  });
});

describe('an attempt that has begun', () => {
  it('has no time limit for its start any more', async () => {
    const { pool, listener } = givenPool({ patience: { started: 1500 } });
    pool.start(givenTask('j1', { do: 'work until cancelled' }));
    await listener.pidOf('j1');
    // A second attempt that does not begin exceeds the limit while the first one still runs.
    pool.start(givenTask('j2', { do: 'not even begin' }));
    await listener.answerOf('j2');
    pool.stop('j1', '1');
    expect(await listener.answerOf('j1')).toEqual({ type: 'stopped' });
  });
});

describe('an attempt fails', () => {
  it('when its worker writes a message that is too long, and the worker is not used again', async () => {
    const { pool, listener } = givenPool({ longestMessage: 1e6 });
    pool.start(givenTask('j1', { do: 'answer too much', bytes: 1_500_000 }));
    expect(await listener.answerOf('j1')).toEqual({
      type: 'failed',
      reason: 'The result has more than 1 MB: split the job, or ask for less.',
      reasonCode: null,
      traceback: null,
    });
    pool.start(givenTask('j2'));
    expect(await listener.answerOf('j2')).toMatchObject({ type: 'completed' });
    expect(await listener.pidOf('j2')).not.toBe(await listener.pidOf('j1'));
  });

  it('when its backend cannot be described', async () => {
    const describe = () => {
      throw new Error('Device nowhere cannot be read.');
    };
    expect(await outcomeOf({ do: 'answer' }, { describe })).toEqual({
      type: 'failed',
      reason: 'It could not be handed to a worker: Device nowhere cannot be read.',
      reasonCode: null,
      traceback: null,
    });
  });
});

describe('after close()', () => {
  it.each([
    ['an idle one', [], null],
    ['a busy one', [], { do: 'hang' }],
    ['one that ignores the shutdown', ['--leave=no'], null],
    ['one that is still starting', ['--ready=never', '--leave=no'], null],
  ] as const)('no process is left: %s', async (_, worker, deed) => {
    const file = join(await givenFolder(), 'births');
    const { pool, listener } = givenPool({ warm: 1, worker: [...worker, `--births=${file}`] });
    pool.warmUp();
    const pid = await eventually('a process', async () =>
      Number(await readFile(file, 'utf8').catch(() => undefined)),
    );
    if (deed !== null) {
      pool.start(givenTask('j1', deed));
      await listener.pidOf('j1');
    }
    await pool.close();
    await untilGone(pid);
    expect(listener.answers).toEqual([]);
  });

  it('nothing is started and nothing is reported', async () => {
    const { pool, listener } = givenPool();
    pool.start(givenTask('j1', { do: 'hang' }));
    const pid = await listener.pidOf('j1');
    await pool.close();
    pool.start(givenTask('j2'));
    pool.stop('j1', '1');
    await untilGone(pid);
    expect(listener.answers).toEqual([]);
  });
});

describe('a program that must not run twice, according to its worker,', () => {
  const once = { worker: ['--once=sampler'] };

  it('begins when its attempt is stored as the last one', async () => {
    const { pool, listener } = givenPool(once);
    expect(pool.isRepeatable('sampler')).toBe(true);
    pool.start(givenTask('j1'));
    expect(await listener.answerOf('j1')).toMatchObject({ type: 'completed' });
    expect(listener.last).toEqual(['j1']);
    expect([pool.isRepeatable('sampler'), pool.isRepeatable('estimator')]).toEqual([false, true]);
  });

  it('needs nothing stored if its attempt is the last one anyway', async () => {
    const { pool, listener } = givenPool(once);
    pool.start({ ...givenTask('j1'), last: true });
    expect(await listener.answerOf('j1')).toMatchObject({ type: 'completed' });
    expect(listener.last).toEqual([]);
  });

  it('does not begin if the store fails: the attempt is lost and the worker takes the next one', async () => {
    const { pool, listener } = givenPool(once);
    listener.failures = 1;
    pool.start(givenTask('j1', { do: 'hang' }));
    expect(await listener.answerOf('j1')).toMatchObject({ type: 'lost', why: expect.stringMatching(/disk/) });
    expect(listener.logs).toEqual([]);
    pool.start(givenTask('j2'));
    expect(await listener.answerOf('j2')).toMatchObject({ type: 'completed' });
  });
});

describe('a cancel of an attempt that has not begun', () => {
  it('reaches the worker after the start of the attempt', async () => {
    const { pool, listener } = givenPool({ worker: ['--ready=100'] });
    pool.start(givenTask('j1', { do: 'work until cancelled' }));
    pool.stop('j1', '1');
    expect(await listener.answerOf('j1')).toEqual({ type: 'stopped' });
  });
});

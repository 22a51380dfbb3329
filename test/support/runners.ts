import { afterEach } from '@jest/globals';
import { join } from 'node:path';
import { RunnerPool, type PoolSettings } from '../../src/runners/runner-pool.js';
import type { AttemptEnd, ProcessEnd, RunnerListener, Task } from '../../src/scheduler/ports.js';
import { eventually, isAlive } from './eventually.js';
import { givenBackend } from './store.js';

/** Receives messages of runners and resolves the tests that wait for them. */
export class Listener implements RunnerListener {
  readonly answers: { job: string; token: string; answer: AttemptEnd }[] = [];
  readonly ends: ProcessEnd[] = [];
  readonly logs: { job: string; token: string; level: string; text: string }[] = [];
  readonly last: string[] = [];
  /** How many of the next messages it rejects. */
  failures = 0;

  async attemptEnded(job: string, token: string, answer: AttemptEnd): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the disk is full');
    }
    this.answers.push({ job, token, answer });
  }

  async logged(job: string, token: string, level: string, text: string): Promise<void> {
    this.logs.push({ job, token, level, text });
  }

  async processEnded(end: ProcessEnd): Promise<void> {
    this.ends.push(end);
  }

  async lastAttempt(job: string): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the disk is full');
    }
    this.last.push(job);
  }

  runChange(): Promise<never> {
    return Promise.reject(new Error('these runners have no tables'));
  }

  answerOf(job: string): Promise<AttemptEnd> {
    return eventually(
      `an answer for ${job}`,
      () => this.answers.find((message) => message.job === job)?.answer,
    );
  }

  /** Waits for a job's first message and returns the process id in it. */
  pidOf(job: string): Promise<number> {
    return eventually(`a process that works on ${job}`, () => {
      const line = this.logs.find((message) => message.job === job && message.text.startsWith('pid '));
      return line === undefined ? undefined : Number(line.text.slice(4));
    });
  }
}

const pools: RunnerPool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

const worker = (...args: string[]) => ({
  command: process.execPath,
  args: [join(import.meta.dirname, 'fake-worker.mjs'), ...args],
  cwd: import.meta.dirname,
  env: {},
});

export interface GivenPool extends Partial<Omit<PoolSettings, 'worker'>> {
  /** Arguments of the fake worker; null: no worker installed. */
  readonly worker?: readonly string[] | null;
  readonly command?: string;
}

/** A pool of fake workers, closed after the test. */
export function givenPool({ worker: args = [], command, ...settings }: GivenPool = {}) {
  const listener = new Listener();
  const how = args === null ? null : { ...worker(...args), ...(command !== undefined && { command }) };
  const pool = new RunnerPool({
    worker: how,
    missing: null,
    programs: new Map([['aer', ['sampler']]]),
    warm: 0,
    describe: ({ options }) => options,
    ...settings,
  });
  pool.listen(listener);
  pools.push(pool);
  return { pool, listener };
}

export type Deed = { readonly do: string } & Readonly<Record<string, unknown>>;

/** Makes an attempt at a job whose params control the fake worker. */
export const givenTask = (job: string, deed: Deed = { do: 'answer' }, token = '1'): Task => ({
  job,
  token,
  program: 'sampler',
  session: null,
  backend: givenBackend({ driver: 'aer' }),
  params: JSON.stringify(deed),
  logLevel: 'debug',
  last: false,
});

export const untilGone = (pid: number) => eventually(`the end of process ${pid}`, () => !isAlive(pid));

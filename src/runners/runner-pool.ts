import { Logger } from '@nestjs/common';
import type { Backend } from '../kernel/backend/backend.js';
import type { AttemptEnd, RunnerListener, Runners, Task } from '../scheduler/ports.js';
import type { FromRunner, Ready, Result } from './attempt-protocol.js';
import { Retry } from '../scheduler/retry.js';
import { RunnerProcess, type Patience, type ProcessEvents, type WorkerCommand } from './runner-process.js';

export interface PoolSettings {
  /** The command that starts a worker; null if it is not installed, with the reason in `missing`. */
  readonly worker: WorkerCommand | null;
  readonly missing: string | null;
  /** Programs by driver that are known before a worker has started. Workers may name more when they are ready. */
  readonly programs: ReadonlyMap<string, readonly string[]>;
  /** Whether this pool runs a program of its workers; absent means that it runs all. */
  readonly takes?: (program: string) => boolean;
  /** Programs that must not run twice. A worker may name more when it is ready. */
  readonly notRepeatable?: readonly string[];
  /** Number of processes to keep ready while no job runs. */
  readonly warm: number;
  /** Runs workers at the service's own priority and not at a lower one, because clients wait for each answer. */
  readonly urgent?: boolean;
  /** Returns the description of a backend for workers: its options, with the full description of a device. */
  readonly describe: (backend: Backend) => Readonly<Record<string, unknown>>;
  /** Called for each step that a worker reports. */
  readonly progress?: (task: Task, step: Progress) => void;
  readonly patience?: Partial<Patience>;
  /**
   * Returns after how many milliseconds without processor time a job of this backend counts as hung. Null, or no
   * function, means never.
   */
  readonly stalledAfter?: (backend: Backend) => number | null;
  /** The most bytes of a message. The longest result is shorter, because its quotes are escaped. */
  readonly longestMessage?: number;
}

/** `done` of `total` steps; `total` is 0 if it is unknown. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly message: string;
}

/**
 * Allows minutes for a start: a cold disk makes imports of numerical libraries slow. Beginning a job takes
 * milliseconds.
 */
const defaultPatience: Patience = { ready: 180_000, started: 60_000, stopped: 30_000 };
/** Bytes. Several copies of a message exist at a time, and a string in Node has at most 512 MB. */
const defaultLongestMessage = 256e6;
/** Milliseconds that a process may take to shut down before it is killed. */
const leaveGrace = 1000;

/**
 * Runs jobs on worker processes. A process is reused for the next job, because importing the numerical libraries takes
 * seconds and a Bell circuit takes milliseconds. The lanes of the backends limit the number of processes, since there
 * are no more than jobs that run at once.
 */
export class RunnerPool implements Runners {
  private readonly logger = new Logger('Runners');
  private readonly processes = new Set<RunnerProcess>();
  private listener: RunnerListener | null = null;
  private readonly retry = new Retry();
  private closing = false;
  /** Processes that died before they were ready, in a row. */
  private failedStarts = 0;
  private readonly notRepeatable: Set<string>;
  /** The programs that workers have named; null before the first one is ready. */
  private workerPrograms: ReadonlySet<string> | null = null;

  constructor(private readonly settings: PoolSettings) {
    this.notRepeatable = new Set(settings.notRepeatable);
  }

  listen(listener: RunnerListener): void {
    this.listener = listener;
  }

  programs(driver: string): readonly string[] | null {
    const configured = this.settings.programs.get(driver);
    return configured === undefined ? null : [...new Set([...configured, ...(this.workerPrograms ?? [])])];
  }

  async learnPrograms(driver: string): Promise<void> {
    if (this.workerPrograms !== null || this.closing || !this.settings.programs.has(driver)) return;
    const [starting = this.spawn()] = this.processes;
    if (starting !== null) await Promise.race([starting.ready, starting.ended]);
  }

  isRepeatable(program: string): boolean {
    return !this.notRepeatable.has(program);
  }

  unavailable(driver: string): string | null {
    return this.settings.programs.has(driver) ? this.settings.missing : null;
  }

  /** Starts the processes that should be ready before the first job. */
  warmUp(): void {
    while (this.settings.worker !== null && this.processes.size < this.settings.warm) this.spawn();
  }

  start(task: Task): void {
    if (this.closing || this.find(task.job, task.token) !== undefined) return;
    // The attempt is already stored as running, so its end must be reported even if an error occurs here.
    try {
      const options = this.settings.describe(task.backend);
      const process = this.idle() ?? this.spawn();
      if (process !== null) {
        process.take(task, options, this.settings.stalledAfter?.(task.backend) ?? null);
        if (process.isReady) this.begin(process, task);
      } else void this.answer(task, { type: 'lost', why: this.settings.missing ?? 'there is no worker' });
    } catch (error) {
      const reason = `It could not be handed to a worker: ${error instanceof Error ? error.message : String(error)}`;
      void this.answer(task, { type: 'failed', reason, reasonCode: null, traceback: null });
    }
  }

  stop(job: string, token: string): void {
    const process = this.find(job, token);
    if (process !== undefined) process.cancel();
    else void this.answer({ job, token }, { type: 'lost', why: 'no process works on it' });
  }

  kill(job: string, token: string): void {
    const process = this.find(job, token);
    if (process !== undefined) process.kill();
    else void this.answer({ job, token }, { type: 'lost', why: 'no process works on it' });
  }

  /** Does nothing: workers belong to no session, and none survives the service. */
  release = (): void => undefined;
  survivors = (): ReadonlySet<string> => new Set();

  /** Ends all processes and resolves when they have ended. Their jobs count as lost at the next start. */
  async close(): Promise<void> {
    this.closing = true;
    this.retry.close();
    await Promise.all(
      [...this.processes].map(async (process) => {
        if (process.task === null) process.leave();
        else process.kill();
        const timeout = setTimeout(() => process.kill(), leaveGrace);
        await process.ended;
        clearTimeout(timeout);
      }),
    );
  }

  /**
   * Begins a task. A program that must not run twice begins only once the attempt is stored as the last one, because
   * the service may crash at any time.
   */
  private begin(process: RunnerProcess, task: Task): void {
    const { job, token, program } = task;
    if (task.last || this.isRepeatable(program) || this.listener === null) {
      process.begin();
      return;
    }
    this.listener.lastAttempt(job, token).then(
      () => process.task === task && process.begin(),
      (error: unknown) => {
        if (process.task !== task) return;
        process.finish();
        void this.answer(task, {
          type: 'lost',
          why: `it could not be stored that it runs: ${String(error)}`,
        });
      },
    );
  }

  private find(job: string, token: string): RunnerProcess | undefined {
    return [...this.processes].find(({ task }) => task?.job === job && task.token === token);
  }

  private idle(): RunnerProcess | undefined {
    const idle = [...this.processes].filter(
      (process) => process.task === null && !process.isEnding && !process.isStopped,
    );
    return idle.find(({ isReady }) => isReady) ?? idle[0];
  }

  private spawn(): RunnerProcess | null {
    if (this.settings.worker === null) return null;
    const { worker, longestMessage = defaultLongestMessage, takes = () => true } = this.settings;
    const patience = { ...defaultPatience, ...this.settings.patience };
    const events: ProcessEvents = {
      ready: ({ programs, versions, not_repeatable }) => {
        this.failedStarts = 0;
        this.workerPrograms = new Set([
          ...(this.workerPrograms ?? []),
          ...programs.map(String).filter(takes),
        ]);
        this.logger.log({ msg: 'A worker is ready', pid: process.pid, ...versions });
        for (const program of not_repeatable ?? []) this.notRepeatable.add(program);
        if (process.task !== null) this.begin(process, process.task);
      },
      message: (message) => this.onMessage(process, message),
      noise: (text) => this.logger.debug({ msg: text, pid: process.pid }),
      tooLong: () => this.onTooLong(process, longestMessage),
      exited: (why, words) => this.onExit(process, why, words),
    };
    const process = new RunnerProcess(worker, events, {
      ...{ patience, longestMessage },
      yields: this.settings.urgent !== true,
    });
    this.processes.add(process);
    return process;
  }

  private onExit(process: RunnerProcess, why: string, words: string | null): void {
    this.processes.delete(process);
    if (this.closing) return;
    this.logger.warn({ msg: `A worker has ended: ${why}`, words, pid: process.pid, job: process.task?.job });
    if (process.task !== null)
      void this.answer(process.task, { type: 'lost', why, ...(words !== null && { words }) });
    if (!process.isReady) this.failedStarts += 1;
    // After three failed starts in a row start no more, because they would fail forever. The next job tries again.
    if (this.failedStarts < 3) this.warmUp();
  }

  private onMessage(process: RunnerProcess, message: Exclude<FromRunner, Ready>): void {
    const { task } = process;
    if (message.type === 'failed') this.logger.warn({ msg: message.message, pid: process.pid });
    // Other messages without a token come only from interpreters.
    if (!('token' in message)) return;
    if (task === null || message.job !== task.job || message.token !== task.token) {
      this.logger.warn({
        msg: 'A worker sent a message about an attempt that it does not have',
        type: message.type,
        job: message.job,
      });
      return;
    }
    switch (message.type) {
      case 'started':
        return;
      case 'progress':
        this.logger.debug({ msg: message.message, job: task.job, done: message.done, total: message.total });
        this.settings.progress?.(task, message);
        return;
      case 'log':
        this.listener
          ?.logged(task.job, task.token, message.level, message.text)
          .catch((error: unknown) =>
            this.logger.warn(`A log line of job ${task.job} was not stored: ${String(error)}`),
          );
        return;
      case 'result':
        process.finish();
        void this.answer(task, answerOf(message, process)).then(() => process.acknowledge(task));
    }
  }

  /** Fails the job without a retry, because its result would be too long again. Only a result can be that long. */
  private onTooLong(process: RunnerProcess, longest: number): void {
    const { task } = process;
    process.finish();
    process.kill();
    if (task === null) return;
    const reason = `The result has more than ${longest / 1e6} MB: split the job, or ask for less.`;
    void this.answer(task, { type: 'failed', reason, reasonCode: null, traceback: null });
  }

  /** Reports the end of an attempt repeatedly until it is stored, because a lane stays occupied until then. */
  private answer({ job, token }: Pick<Task, 'job' | 'token'>, answer: AttemptEnd): Promise<void> {
    const { listener } = this;
    if (listener === null) return Promise.resolve();
    return this.retry.untilStored(`The end of job ${job}`, () => listener.attemptEnded(job, token, answer));
  }
}

function answerOf(message: Result, process: RunnerProcess): AttemptEnd {
  const { outcome, result, message: reason, reason_code: reasonCode, traceback } = message;
  switch (outcome) {
    case 'completed':
      return { type: 'completed', result: result ?? '', ...ranWith(process) };
    case 'failed':
      return { type: 'failed', reason: reason ?? '', reasonCode, traceback, ...ranWith(process) };
    case 'cancelled':
      return { type: 'stopped', ...(result !== null && { result }) };
  }
}

const ranWith = ({ versions }: RunnerProcess) =>
  Object.keys(versions).length === 0 ? {} : { ranWith: versions };

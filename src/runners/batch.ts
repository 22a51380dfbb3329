import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { AttemptEnd, RunnerListener, Task } from '../scheduler/ports.js';
import { maxReasonLength, shortened } from './lines.js';
import { lastLines, readJson, removeFolder, type ProcessNote } from './process-folder.js';
import { childrenOf, isRunning, killAll, signal } from './process-table.js';
import { ProcessWatch } from './process-watch.js';
import type { Retry } from '../scheduler/retry.js';

type Attempt = Pick<Task, 'job' | 'token'>;

/** Milliseconds between two checks of a process that an earlier service started. */
const pollInterval = 200;

/** One batch: a program that runs in a process of its own and writes its exit code to `exit.json`. */
export class Batch {
  private attempt: Attempt | null = null;
  private timer: NodeJS.Timeout | undefined;
  private watchdog: ProcessWatch | undefined;
  /** Why the watchdog killed the process; null if it did not. */
  private killReason: string | null = null;
  private over = false;
  private resolveGone: () => void = () => undefined;
  /** Resolves when the end of the batch is stored and its folder is removed. */
  readonly gone = new Promise<void>((resolve) => (this.resolveGone = resolve));

  constructor(
    readonly folder: string,
    private readonly note: ProcessNote,
    private readonly listener: () => RunnerListener,
    private readonly retry: Retry,
    /** Milliseconds that the process or its application may stay stopped (SIGSTOP). */
    private readonly stopped: number,
  ) {}

  has = (job: string, token: string): boolean => this.attempt?.job === job && this.attempt.token === token;

  begin({ job, token }: Attempt): void {
    this.attempt = { job, token };
  }

  /** Watches the process until it ends. Kills the process if it has no attempt any more. */
  watch(child?: ChildProcess): void {
    if (this.attempt === null) killAll(this.note.pid);
    const { pid } = this.note;
    this.watchdog = new ProcessWatch(
      () => [pid, ...childrenOf(pid)],
      this.stopped,
      (why) => {
        this.killReason = why;
        this.kill();
      },
    );
    if (child !== undefined) {
      child.once('exit', (_, name) => void this.exit(name));
      return;
    }
    this.timer = setInterval(() => {
      if (!isRunning(this.note)) void this.exit(null);
    }, pollInterval).unref();
  }

  cancel(): void {
    signal(-this.note.pid, 'SIGTERM');
  }

  kill(): void {
    killAll(this.note.pid);
  }

  detach(): void {
    this.over = true;
    clearInterval(this.timer);
    this.watchdog?.end();
  }

  private async exit(name: NodeJS.Signals | null): Promise<void> {
    if (this.over) return;
    this.detach();
    killAll(this.note.pid);
    const log = await lastLines(this.folder);
    const code = readJson<{ code: number }>(join(this.folder, 'exit.json'))?.code;
    const lastLine = log.stderr.findLast((line) => line.trim() !== '')?.trim();
    const killed = this.killReason ?? `it was ended${name === null ? '' : ` by ${name}`}`;
    const how = code === undefined ? killed : `exit code ${code}`;
    const reason = lastLine === undefined ? how : `${how}: ${shortened(lastLine, maxReasonLength)}`;
    const answer: AttemptEnd =
      code === 0
        ? { type: 'completed', result: JSON.stringify({ code }) }
        : { type: 'failed', reason, reasonCode: null, traceback: null };
    const { attempt } = this;
    if (attempt !== null) {
      const { job, token } = attempt;
      await this.retry.untilStored(`The end of batch ${job}`, async () => {
        for (const level of ['stdout', 'stderr'] as const)
          if (log[level].length > 0) await this.listener().logged(job, token, level, log[level].join('\n'));
        await this.listener().attemptEnded(job, token, answer);
      });
    }
    await removeFolder(this.folder);
    this.resolveGone();
  }
}

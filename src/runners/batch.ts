import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Answer, RunnerListener, Task } from '../scheduler/ports.js';
import { longestReason, shortened } from './lines.js';
import { lastLines, readJson, removeFolder, type ProcessNote } from './process-folder.js';
import { childrenOf, isRunning, killAll, signal } from './process-table.js';
import { ProcessWatch } from './process-watch.js';
import type { Teller } from '../scheduler/teller.js';

type Attempt = Pick<Task, 'job' | 'token'>;

/** How often a process of an earlier service is looked at, in milliseconds. */
const lookEach = 200;

/** One batch: a program that runs to its end in a process of its own, and says how it ended in `exit.json`. */
export class Batch {
  private attempt: Attempt | null = null;
  private timer: NodeJS.Timeout | undefined;
  private life: ProcessWatch | undefined;
  private reason: string | null = null;
  private over = false;
  private tellGone: () => void = () => undefined;
  readonly gone = new Promise<void>((resolve) => (this.tellGone = resolve));

  constructor(
    readonly folder: string,
    private readonly note: ProcessNote,
    private readonly listener: () => RunnerListener,
    private readonly teller: Teller,
    /** Milliseconds that it, or the application it has started, may be stopped (SIGSTOP). */
    private readonly stopped: number,
  ) {}

  has = (job: string, token: string): boolean => this.attempt?.job === job && this.attempt.token === token;

  begin({ job, token }: Attempt): void {
    this.attempt = { job, token };
  }

  /** Waits for its end. One that nobody wants any more is ended. */
  watch(child?: ChildProcess): void {
    if (this.attempt === null) killAll(this.note.pid);
    const { pid } = this.note;
    this.life = new ProcessWatch(
      () => [pid, ...childrenOf(pid)],
      this.stopped,
      (why) => {
        this.reason = why;
        this.kill();
      },
    );
    if (child !== undefined) {
      child.once('exit', (_, name) => void this.exit(name));
      return;
    }
    this.timer = setInterval(() => {
      if (!isRunning(this.note)) void this.exit(null);
    }, lookEach).unref();
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
    this.life?.end();
  }

  private async exit(name: NodeJS.Signals | null): Promise<void> {
    if (this.over) return;
    this.detach();
    killAll(this.note.pid);
    const log = await lastLines(this.folder);
    const code = readJson<{ code: number }>(join(this.folder, 'exit.json'))?.code;
    const words = log.stderr.findLast((line) => line.trim() !== '')?.trim();
    const ended = this.reason ?? `it was ended${name === null ? '' : ` by ${name}`}`;
    const how = code === undefined ? ended : `exit code ${code}`;
    const reason = words === undefined ? how : `${how}: ${shortened(words, longestReason)}`;
    const answer: Answer =
      code === 0
        ? { type: 'completed', result: JSON.stringify({ code }) }
        : { type: 'failed', reason, reasonCode: null, traceback: null };
    const { attempt } = this;
    if (attempt !== null) {
      const { job, token } = attempt;
      await this.teller.tell(`The end of batch ${job}`, async () => {
        for (const level of ['stdout', 'stderr'] as const)
          if (log[level].length > 0) await this.listener().logged(job, token, level, log[level].join('\n'));
        await this.listener().answered(job, token, answer);
      });
    }
    await removeFolder(this.folder);
    this.tellGone();
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { Task } from '../scheduler/ports.js';
import { AttemptChannel } from './attempt-channel.js';
import type { FromRunner, Ready, ToRunner } from './attempt-protocol.js';
import { lineSplitter, maxReasonLength, shortened } from './lines.js';
import { familyOf, isStopped, signal } from './process-table.js';
import { ProcessWatch } from './process-watch.js';
import { StdioTransport } from './stdio-transport.js';

export interface WorkerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The complete environment. No variable of the service's own environment is added. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ProcessEvents {
  ready(about: Ready): void;
  message(message: Exclude<FromRunner, Ready>): void;
  /** The process wrote a line that is not a message. */
  noise(text: string): void;
  /** A message exceeds the longest permitted length. */
  tooLong(): void;
  /**
   * The process has ended. `why` may be shown to users. `words` is the last line that it wrote; since that may be about
   * another user's job, it is for the log only.
   */
  exited(why: string, words: string | null): void;
}

/** Time limits in milliseconds after which a silent process is killed, so that its job does not wait forever. */
export interface Patience {
  /** From the start of the process until it is ready; its imports may be on a slow disk. */
  readonly ready: number;
  /** From the delivery of a job until its `started` message. A worker skips messages that it cannot read. */
  readonly started: number;
  /** While the process is stopped (SIGSTOP), with or without a job. */
  readonly stopped: number;
}

export interface ProcessSettings {
  readonly patience: Patience;
  /** Whether the process runs at a lower priority than the service. */
  readonly yields: boolean;
  /** Bytes. */
  readonly longestMessage: number;
}

/** The most bytes of a line on stderr; longer lines are dropped. */
const longestLogLine = 65_536;

/** The number of last lines of stderr that are kept to explain why a process ended. */
const linesKept = 20;

/** One long-lived worker process, which runs one task at a time. */
export class RunnerProcess {
  private readonly child: ChildProcess;
  private readonly channel: AttemptChannel;
  private readonly stderrTail: string[] = [];
  private gone = false;
  /** Why the process is killed; null if it was not killed for a reason. */
  private killReason: string | null = null;
  private readonly watch: ProcessWatch;
  private timeout: NodeJS.Timeout | undefined;
  /** Messages about the task that are held back until the task may begin; null after that. */
  private pending: ToRunner[] | null = null;
  private stalledAfter: number | null = null;
  private resolveEnded: () => void = () => undefined;
  private resolveReady: () => void = () => undefined;
  isReady = false;
  /** Package → version, as `ready` listed them. */
  versions: Readonly<Record<string, string>> = {};
  /** Whether the process is shutting down or being killed, so that it takes no further job. */
  isEnding = false;
  /** The attempt that the process works on; null if it is idle. */
  task: Task | null = null;
  /** Resolves when the process is ready; never, if it ends before that. */
  readonly ready = new Promise<void>((resolve) => (this.resolveReady = resolve));
  /** Resolves when the process has ended. */
  readonly ended = new Promise<void>((resolve) => (this.resolveEnded = resolve));

  constructor(
    how: WorkerCommand,
    private readonly events: ProcessEvents,
    private readonly settings: ProcessSettings,
  ) {
    this.child = spawn(how.command, how.args, {
      cwd: how.cwd,
      env: how.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    if (settings.yields) yieldToService(this.child.pid);
    this.channel = new AttemptChannel(
      (sink) => new StdioTransport(this.child, settings.longestMessage, sink),
      {
        ready: (message) => this.onReady(message),
        message: (message) => this.onMessage(message),
        foreign: (why) => this.kill(why),
        unreadable: (text) => this.events.noise(text),
        tooLong: () => this.events.tooLong(),
        closed: () => undefined,
      },
    );
    this.child.stderr?.on(
      'data',
      lineSplitter((line) => this.onStderr(line), { longest: longestLogLine }),
    );
    this.child.on('error', (error) => {
      this.stderrTail.push(error.message);
      this.exit('it could not be started');
    });
    // Use `close` instead of `exit`, because by then all output of the process has been read.
    this.child.on('close', (code, signal) =>
      this.channel.whenRead(() =>
        this.exit(signal === null ? `it exited with code ${String(code)}` : `it was ended by ${signal}`),
      ),
    );
    const { ready, stopped } = settings.patience;
    const pids = () => (this.pid === undefined ? [] : [this.pid]);
    this.watch = new ProcessWatch(pids, stopped, (why) => this.kill(why));
    this.within(ready, `it was not ready after ${ready / 1000} s`);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Whether the process is currently stopped, so that it would not read messages. */
  get isStopped(): boolean {
    return this.pid !== undefined && isStopped(this.pid);
  }

  /**
   * Assigns a task; call {@link begin} once the process is ready. `stalledAfter`: milliseconds without processor time
   * after which the process counts as hung; null means never.
   */
  take(task: Task, options: Readonly<Record<string, unknown>>, stalledAfter: number | null): void {
    this.task = task;
    this.stalledAfter = stalledAfter;
    const { job, token, program, backend, params, logLevel } = task;
    const place = { name: backend.name, options };
    this.pending = [{ type: 'start', job, token, program, backend: place, params, log_level: logLevel }];
  }

  /** Sends the task to the process. */
  begin(): void {
    const messages = this.pending ?? [];
    this.pending = null;
    const { task } = this;
    for (const message of messages) this.send(message);
    // The time limit starts when the process can read the whole message.
    if (messages.length > 0) this.channel.transport.after(() => task === this.task && this.expectStart());
  }

  /** Marks the process as idle, because its task has ended. */
  finish(): void {
    this.task = null;
    this.watch.expectWork(null);
  }

  cancel(): void {
    if (this.task === null) return;
    const message = { type: 'cancel', job: this.task.job, token: this.task.token } as const;
    if (this.pending === null) this.send(message);
    else this.pending.push(message);
  }

  kill(why?: string): void {
    this.isEnding = true;
    this.killReason ??= why ?? null;
    // Find the descendants first: after the kill they no longer belong to this process.
    const descendants = this.pid === undefined ? [] : familyOf(this.pid).slice(1);
    this.child.kill('SIGKILL');
    for (const pid of descendants) signal(pid, 'SIGKILL');
  }

  /** Shuts an idle process down: sends `shutdown` and closes its stdin. */
  leave(): void {
    this.isEnding = true;
    this.send({ type: 'shutdown' });
    this.channel.transport.end();
  }

  /** Confirms that the result of a task is stored. */
  acknowledge({ job, token }: Pick<Task, 'job' | 'token'>): void {
    this.send({ type: 'acknowledge', job, token });
  }

  private send(message: ToRunner): void {
    if (!this.gone) this.channel.send(message);
  }

  private onReady(message: Ready): void {
    this.isReady = true;
    this.versions = message.versions;
    clearTimeout(this.timeout);
    this.events.ready(message);
    this.resolveReady();
  }

  private onMessage(message: Exclude<FromRunner, Ready>): void {
    if ('token' in message && message.token === this.task?.token) {
      clearTimeout(this.timeout);
      if (message.type === 'started') this.watch.expectWork(this.stalledAfter);
    }
    this.events.message(message);
  }

  private expectStart(): void {
    const { started } = this.settings.patience;
    this.within(started, `it did not begin its job within ${started / 1000} s`);
  }

  private within(milliseconds: number, why: string): void {
    clearTimeout(this.timeout);
    this.timeout = setTimeout(() => this.kill(why), milliseconds).unref();
  }

  private onStderr(line: string): void {
    this.stderrTail.push(line);
    if (this.stderrTail.length > linesKept) this.stderrTail.shift();
    this.events.noise(line);
  }

  private exit(how: string): void {
    if (this.gone) return;
    this.gone = true;
    clearTimeout(this.timeout);
    this.watch.end();
    this.resolveEnded();
    const lastLine = this.stderrTail.findLast((line) => line.trim() !== '');
    this.events.exited(
      this.killReason ?? how,
      lastLine === undefined ? null : shortened(lastLine.trim(), maxReasonLength),
    );
  }
}

/** Lowers the priority of a worker, so that the service stays responsive if all cores are busy. */
function yieldToService(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // The process has ended, or the system does not permit the change. Keep the default priority.
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { Task } from '../scheduler/ports.js';
import { AttemptChannel } from './attempt-channel.js';
import type { FromRunner, Ready, ToRunner } from './attempt-protocol.js';
import { lineSplitter, longestReason, shortened } from './lines.js';
import { familyOf, isStopped, signal } from './process-table.js';
import { ProcessWatch } from './process-watch.js';
import { StdioTransport } from './stdio-transport.js';

export interface WorkerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of it: nothing of the service's own environment is added. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ProcessEvents {
  ready(about: Ready): void;
  message(message: Exclude<FromRunner, Ready>): void;
  /** Something the process wrote that is no message. */
  noise(text: string): void;
  /** It writes a message that is longer than anyone can keep. */
  tooLong(): void;
  /** `why` is for everyone. `words` are the last that it wrote; they may be about another job, so they are for the log. */
  exited(why: string, words: string | null): void;
}

/** Milliseconds after which a silent process is ended, so that its job is not waited for in vain. */
export interface Patience {
  /** From its start until it is ready: it imports what may lie on a slow disk. */
  readonly ready: number;
  /** From when it could read its job until it says that it works on it. A message it cannot read it passes over. */
  readonly started: number;
  /** While it is stopped (SIGSTOP), whether it works or waits. */
  readonly stopped: number;
}

export interface ProcessSettings {
  readonly patience: Patience;
  /** Runs at a lower priority than the service. */
  readonly yields: boolean;
  /** Bytes. */
  readonly longestMessage: number;
}

/** A line of its log is cut at a length nobody reads. */
const longestLogLine = 65_536;

/** What the last lines of stderr are kept for: to say why a process died. */
const linesKept = 20;

/** One long-lived worker process: started once, one task at a time. */
export class RunnerProcess {
  private readonly child: ChildProcess;
  private readonly channel: AttemptChannel;
  private readonly lastWords: string[] = [];
  private gone = false;
  /** Why it is being ended. */
  private reason: string | null = null;
  private readonly watch: ProcessWatch;
  private giveUp: NodeJS.Timeout | undefined;
  /** What the process is told about its task once that is to begin. */
  private held: ToRunner[] | null = null;
  private stalledAfter: number | null = null;
  private tellEnded: () => void = () => undefined;
  private tellReady: () => void = () => undefined;
  isReady = false;
  /** Package → version, as it named them when it was ready. */
  versions: Readonly<Record<string, string>> = {};
  /** It has been told to end, or is being ended: it takes no further job. */
  isEnding = false;
  /** The attempt it works on. */
  task: Task | null = null;
  /** Resolves when it is ready, if it ever is. */
  readonly ready = new Promise<void>((resolve) => (this.tellReady = resolve));
  /** Resolves when the process is gone. */
  readonly ended = new Promise<void>((resolve) => (this.tellEnded = resolve));

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
      (heard) => new StdioTransport(this.child, settings.longestMessage, heard),
      {
        ready: (message) => this.getReady(message),
        message: (message) => this.hear(message),
        foreign: (why) => this.kill(why),
        unreadable: (text) => this.events.noise(text),
        tooLong: () => this.events.tooLong(),
        closed: () => undefined,
      },
    );
    this.child.stderr?.on(
      'data',
      lineSplitter((line) => this.keep(line), { longest: longestLogLine }),
    );
    this.child.on('error', (error) => {
      this.lastWords.push(error.message);
      this.exit('it could not be started');
    });
    // `close` and not `exit`: what it still had to say has been read by then.
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

  /** Stopped just now: it would not read what it is told. */
  get isStopped(): boolean {
    return this.pid !== undefined && isStopped(this.pid);
  }

  /**
   * Takes a task, for which {@link begin} is to be called once the process is ready. `stalledAfter`: milliseconds without
   * processor time after which it is hung; null where it may wait for as long as it wants.
   */
  take(task: Task, options: Readonly<Record<string, unknown>>, stalledAfter: number | null): void {
    this.task = task;
    this.stalledAfter = stalledAfter;
    const { job, token, program, backend, params, logLevel } = task;
    const place = { name: backend.name, options };
    this.held = [{ type: 'start', job, token, program, backend: place, params, log_level: logLevel }];
  }

  /** Lets the task begin. */
  begin(): void {
    const told = this.held ?? [];
    this.held = null;
    const { task } = this;
    for (const message of told) this.send(message);
    // It has the time from when it could read all of it.
    if (told.length > 0) this.channel.transport.after(() => task === this.task && this.expectStart());
  }

  /** Its task is over. */
  finish(): void {
    this.task = null;
    this.watch.expectWork(null);
  }

  cancel(): void {
    if (this.task === null) return;
    const message = { type: 'cancel', job: this.task.job, token: this.task.token } as const;
    if (this.held === null) this.send(message);
    else this.held.push(message);
  }

  kill(why?: string): void {
    this.isEnding = true;
    this.reason ??= why ?? null;
    // What it has started is asked for before it is gone: afterwards nobody knows whose it was.
    const started = this.pid === undefined ? [] : familyOf(this.pid).slice(1);
    this.child.kill('SIGKILL');
    for (const pid of started) signal(pid, 'SIGKILL');
  }

  /** The end of its input tells an idle process to leave. */
  leave(): void {
    this.isEnding = true;
    this.send({ type: 'shutdown' });
    this.channel.transport.end();
  }

  /** Its result is stored. */
  acknowledge({ job, token }: Pick<Task, 'job' | 'token'>): void {
    this.send({ type: 'acknowledge', job, token });
  }

  private send(message: ToRunner): void {
    if (!this.gone) this.channel.send(message);
  }

  private getReady(message: Ready): void {
    this.isReady = true;
    this.versions = message.versions;
    clearTimeout(this.giveUp);
    this.events.ready(message);
    this.tellReady();
  }

  private hear(message: Exclude<FromRunner, Ready>): void {
    if ('token' in message && message.token === this.task?.token) {
      clearTimeout(this.giveUp);
      if (message.type === 'started') this.watch.expectWork(this.stalledAfter);
    }
    this.events.message(message);
  }

  private expectStart(): void {
    const { started } = this.settings.patience;
    this.within(started, `it did not begin its job within ${started / 1000} s`);
  }

  private within(milliseconds: number, why: string): void {
    clearTimeout(this.giveUp);
    this.giveUp = setTimeout(() => this.kill(why), milliseconds).unref();
  }

  private keep(line: string): void {
    this.lastWords.push(line);
    if (this.lastWords.length > linesKept) this.lastWords.shift();
    this.events.noise(line);
  }

  private exit(how: string): void {
    if (this.gone) return;
    this.gone = true;
    clearTimeout(this.giveUp);
    this.watch.end();
    this.tellEnded();
    const words = this.lastWords.findLast((line) => line.trim() !== '');
    this.events.exited(
      this.reason ?? how,
      words === undefined ? null : shortened(words.trim(), longestReason),
    );
  }
}

/** Whoever decides and keeps time must not wait for those who compute: where cores are scarce, the service comes first. */
function yieldToService(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or the system does not allow it: it runs like any other process.
  }
}

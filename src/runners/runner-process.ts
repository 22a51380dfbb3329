import { spawn, type ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { Task } from '../scheduler/ports.js';
import { lineSplitter } from './lines.js';
import { fieldsOf, InOrder, LineWriter } from './long-lines.js';
import { checked, longFields, parseMessage, lineOf, protocolVersion } from './protocol.js';
import type { FromWorker, ToWorker } from './protocol.js';

export interface WorkerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface ProcessEvents {
  ready(about: Extract<FromWorker, { type: 'ready' }>): void;
  message(message: FromWorker): void;
  /** Something the process wrote that is no message. */
  noise(text: string): void;
  /** It writes a message that is longer than anyone can keep. */
  tooLong(): void;
  exited(why: string): void;
}

/** Milliseconds after which a silent process is ended, so that its job is not waited for in vain. */
export interface Patience {
  /** From its start until it is ready: it imports what may lie on a slow disk. */
  readonly ready: number;
  /** From when it could read its job until it says that it works on it. A message it cannot read it passes over. */
  readonly started: number;
}

export interface ProcessSettings {
  readonly patience: Patience;
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
  private readonly writer: LineWriter | null;
  /** What it has said, in order: a long message takes several turns to read. */
  private readonly inbox = new InOrder();
  private readonly lastWords: string[] = [];
  private gone = false;
  private giveUp: NodeJS.Timeout | undefined;
  /** What the process is told about its task once that is to begin. */
  private held: ToWorker[] | null = null;
  private tellEnded: () => void = () => undefined;
  isReady = false;
  /** It has been told to end, or is being ended: it takes no further job. */
  isEnding = false;
  /** The attempt it works on. */
  task: Task | null = null;
  /** Resolves when the process is gone. */
  readonly ended = new Promise<void>((resolve) => (this.tellEnded = resolve));

  constructor(
    how: WorkerCommand,
    private readonly events: ProcessEvents,
    private readonly settings: ProcessSettings,
  ) {
    this.child = spawn(how.command, how.args, {
      cwd: how.cwd,
      env: { ...process.env, ...how.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    yieldToService(this.child.pid);
    this.child.stdout?.on(
      'data',
      lineSplitter((line) => this.inbox.do(() => this.read(line)), {
        longest: settings.longestMessage,
        onTooLong: () => this.inbox.do(() => this.events.tooLong()),
        onLong: (pieces) => this.inbox.do(() => this.readLong(pieces)),
      }),
    );
    this.child.stderr?.on(
      'data',
      lineSplitter((line) => this.keep(line), { longest: longestLogLine }),
    );
    // Writing to a process that has just died fails here; its exit is what counts.
    this.child.stdin?.on('error', () => undefined);
    this.writer = this.child.stdin === null ? null : new LineWriter(this.child.stdin);
    this.child.on('error', (error) => this.exit(`it could not be started: ${error.message}`));
    // `close` and not `exit`: what it still had to say has been read by then.
    this.child.on('close', (code, signal) =>
      this.inbox.do(() =>
        this.exit(signal === null ? `it exited with code ${String(code)}` : `it was ended by ${signal}`),
      ),
    );
    const { ready } = settings.patience;
    this.within(ready, `it was not ready after ${ready / 1000} s`);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Takes a task, for which {@link begin} is to be called once the process is ready. */
  take(task: Task, options: Readonly<Record<string, unknown>>): void {
    this.task = task;
    const { job, token, program, backend, params, logLevel } = task;
    const place = { name: backend.name, options };
    this.held = [{ type: 'run', job, attempt: token, program, backend: place, params, log_level: logLevel }];
  }

  /** Lets the task begin. */
  begin(): void {
    const told = this.held ?? [];
    this.held = null;
    const { task } = this;
    for (const message of told) this.send(message);
    // It has the time from when it could read all of it.
    if (told.length > 0) this.writer?.after(() => task === this.task && this.expectStart());
  }

  cancel(): void {
    if (this.task === null) return;
    const message = { type: 'cancel', job: this.task.job, attempt: this.task.token } as const;
    if (this.held === null) this.send(message);
    else this.held.push(message);
  }

  kill(): void {
    this.isEnding = true;
    this.child.kill('SIGKILL');
  }

  /** The end of its input tells an idle process to leave. */
  leave(): void {
    this.isEnding = true;
    this.send({ type: 'shutdown' });
    this.writer?.after(() => this.child.stdin?.end());
  }

  private send(message: ToWorker): void {
    if (!this.gone) this.writer?.write(lineOf(message));
  }

  private read(line: string): void {
    let message: FromWorker;
    try {
      message = parseMessage(line);
    } catch (error) {
      this.events.noise(
        `unreadable message (${error instanceof Error ? error.message : String(error)}): ${line.slice(0, 200)}`,
      );
      return;
    }
    this.hear(message);
  }

  private async readLong(pieces: readonly Buffer[]): Promise<void> {
    try {
      this.hear(checked(await fieldsOf(pieces, longFields)));
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      const beginning = pieces[0]?.toString('utf8', 0, 200) ?? '';
      this.events.noise(`unreadable message (${words}): ${beginning}`);
    }
  }

  private hear(message: FromWorker): void {
    if (message.type !== 'ready') {
      // One that speaks another protocol may have said more before it was ended.
      if (!this.isReady) return;
      if (message.attempt === this.task?.token) clearTimeout(this.giveUp);
      this.events.message(message);
    } else if (message.protocol !== protocolVersion) {
      this.lastWords.push(`it speaks protocol ${message.protocol}, this service speaks ${protocolVersion}`);
      this.kill();
    } else {
      this.isReady = true;
      clearTimeout(this.giveUp);
      this.events.ready(message);
    }
  }

  private expectStart(): void {
    const { started } = this.settings.patience;
    this.within(started, `it did not begin its job within ${started / 1000} s`);
  }

  private within(milliseconds: number, why: string): void {
    clearTimeout(this.giveUp);
    this.giveUp = setTimeout(() => {
      this.lastWords.push(why);
      this.kill();
    }, milliseconds).unref();
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
    this.tellEnded();
    const last = this.lastWords.filter((line) => line.trim() !== '').at(-1);
    this.events.exited(last === undefined ? how : `${how}: ${last.trim().slice(0, 300)}`);
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

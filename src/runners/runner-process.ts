import { spawn, type ChildProcess } from 'node:child_process';
import type { Task } from '../scheduler/ports.js';
import { lineSplitter } from './lines.js';
import { parseMessage, printMessage, protocolVersion, type FromWorker, type ToWorker } from './protocol.js';

export interface WorkerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface ProcessEvents {
  ready(versions: Readonly<Record<string, string>>): void;
  message(message: FromWorker): void;
  /** Something the process wrote that is no message. */
  noise(text: string): void;
  exited(why: string): void;
}

/** What the last lines of stderr are kept for: to say why a process died. */
const linesKept = 20;

/** One long-lived worker process: started once, one task at a time. */
export class RunnerProcess {
  private readonly child: ChildProcess;
  private readonly lastWords: string[] = [];
  private gone = false;
  isReady = false;
  /** The attempt it works on. */
  task: Task | null = null;

  constructor(
    how: WorkerCommand,
    private readonly events: ProcessEvents,
  ) {
    this.child = spawn(how.command, how.args, {
      cwd: how.cwd,
      env: { ...process.env, ...how.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdout?.on(
      'data',
      lineSplitter((line) => this.read(line)),
    );
    this.child.stderr?.on(
      'data',
      lineSplitter((line) => this.keep(line)),
    );
    // Writing to a process that has just died fails here; its exit is what counts.
    this.child.stdin?.on('error', () => undefined);
    this.child.on('error', (error) => this.exit(`it could not be started: ${error.message}`));
    // `close` and not `exit`: what it still had to say has been read by then.
    this.child.on('close', (code, signal) =>
      this.exit(signal === null ? `it exited with code ${String(code)}` : `it was ended by ${signal}`),
    );
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Hands over a task. A process that is still starting reads it once it is ready. */
  run(task: Task, options: Readonly<Record<string, unknown>>): void {
    this.task = task;
    const { job, token, program, backend, params, logLevel } = task;
    this.send({
      type: 'run',
      job,
      attempt: token,
      program,
      backend: { name: backend.name, options },
      params,
      log_level: logLevel,
    });
  }

  cancel(): void {
    if (this.task !== null) this.send({ type: 'cancel', job: this.task.job, attempt: this.task.token });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** The end of its input tells an idle process to leave. */
  leave(): void {
    this.send({ type: 'shutdown' });
    this.child.stdin?.end();
  }

  private send(message: ToWorker): void {
    if (!this.gone) this.child.stdin?.write(printMessage(message));
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
    if (message.type !== 'ready') {
      this.events.message(message);
    } else if (message.protocol !== protocolVersion) {
      this.lastWords.push(`it speaks protocol ${message.protocol}, this service speaks ${protocolVersion}`);
      this.kill();
    } else {
      this.isReady = true;
      this.events.ready(message.versions);
    }
  }

  private keep(line: string): void {
    this.lastWords.push(line);
    if (this.lastWords.length > linesKept) this.lastWords.shift();
    this.events.noise(line);
  }

  private exit(how: string): void {
    if (this.gone) return;
    this.gone = true;
    const last = this.lastWords.filter((line) => line.trim() !== '').at(-1);
    this.events.exited(last === undefined ? how : `${how}: ${last.trim().slice(0, 300)}`);
  }
}

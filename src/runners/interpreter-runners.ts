import { createHash } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { shortOf } from '../scheduler/long-text.js';
import type {
  AttemptEnd,
  Interpreters,
  ProcessLog,
  RunnerListener,
  Runners,
  Task,
} from '../scheduler/ports.js';
import { Batch } from './batch.js';
import { DriverProcess, type DriverPatience } from './driver-process.js';
import { Interpreter } from './interpreter.js';
import { lastLines, notesBelow, removeFolder, startDetached } from './process-folder.js';
import type { ProcessCommand, ProcessNote } from './process-folder.js';
import { isRunning, killAll } from './process-table.js';
import { Retry } from '../scheduler/retry.js';

/** The programs of these runners: starting a session's process, running code in that process, and running a batch. */
export const interpreterPrograms: readonly string[] = ['interpreter', 'statement', 'batch'];

export interface InterpreterSettings {
  /** The driver whose jobs these runners run. */
  readonly driver: string;
  /**
   * The commands that start an interpreter and a batch; null if they are not installed, with the reason in `missing`.
   */
  readonly commands: { readonly interpreter: ProcessCommand; readonly batch: ProcessCommand } | null;
  readonly missing: string | null;
  /** The folder that contains the folder of each process. */
  readonly root: string;
  /** Returns why a backend with these options cannot run a kind of interpreter, or null if it can. */
  readonly kindMissing?: (kind: string, options: Task['backend']['options']) => string | null;
  readonly patience?: Partial<DriverPatience>;
  /** Bytes. */
  readonly longestMessage?: number;
}

const defaultPatience: DriverPatience = { connect: 90_000, leave: 10_000, stopped: 30_000 };
const defaultLongestMessage = 256e6;
/** Seconds without a service after which an interpreter ends itself (Livy dialect, recovery). */
const orphanTimeout = 600;
/** Bytes. The system allows 108 bytes for a socket's path; the interpreter allows a little less. */
const longestSocketPath = 100;

/**
 * Keeps one process for each session. The process holds the session's variables and runs as long as the session is
 * open. It outlives the service: after a restart the service finds the process by the note in its folder.
 */
export class InterpreterRunners implements Runners, Interpreters {
  private readonly logger = new Logger('Runners');
  private readonly retry = new Retry();
  private readonly interpreters = new Map<string, Interpreter>();
  private readonly batches = new Map<string, Batch>();
  /** Functions that connect to the processes found at the start; {@link resume} calls them. */
  private adopted: (() => void)[] = [];
  private listener: RunnerListener | null = null;

  constructor(private readonly settings: InterpreterSettings) {}

  listen(listener: RunnerListener): void {
    this.listener = listener;
  }

  programs = (driver: string): readonly string[] | null =>
    driver === this.settings.driver ? interpreterPrograms : null;

  learnPrograms = (): Promise<void> => Promise.resolve();

  unavailable = (driver: string): string | null =>
    driver === this.settings.driver ? this.settings.missing : null;

  /** None of these programs is repeatable, because a lost process may have changed its variables. */
  isRepeatable = (program: string): boolean => !interpreterPrograms.includes(program);

  survivors(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const { folder, note } of notesBelow(this.settings.root)) {
      if (note?.type === 'batch') {
        // Adopt a batch that has ended, too, because its folder contains the exit code.
        const batch = this.keepBatch(folder, note);
        this.adopted.push(() => batch.watch());
      } else if (note !== null && isRunning(note)) {
        const interpreter = this.keepInterpreter(note.id, note.job, note.backend, folder);
        interpreter.driver = this.driverOf(interpreter, note, null);
        this.adopted.push(() => interpreter.driver?.connect());
      } else {
        if (note !== null) killAll(note.pid);
        void removeFolder(folder);
        continue;
      }
      ids.add(note.id);
    }
    return ids;
  }

  /** Connects to the processes found at the start, which then report what happened in the meantime. */
  resume(): void {
    for (const adopted of this.adopted.splice(0)) adopted();
  }

  start(task: Task): void {
    const { job, token, session, program } = task;
    if (this.find(job, token) !== undefined) return;
    try {
      if (program === 'batch') this.startBatch(task);
      else if (session === null) this.refuse(task, `Program ${program} runs in a session only.`);
      else if (program === 'interpreter') void this.startInterpreter(task, session);
      else {
        const interpreter = this.interpreters.get(session);
        if (interpreter === undefined) this.answer(task, { type: 'lost', why: 'its interpreter is gone' });
        else interpreter.run(task);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.refuse(task, `The job could not be sent to its process: ${why}`);
    }
  }

  stop(job: string, token: string): void {
    const process = this.find(job, token);
    if (process === undefined) this.answer({ job, token }, { type: 'lost', why: 'no process works on it' });
    else process.cancel();
  }

  kill(job: string, token: string): void {
    const process = this.find(job, token);
    if (process === undefined) this.answer({ job, token }, { type: 'lost', why: 'no process works on it' });
    else process.kill();
  }

  release(session: string): void {
    this.interpreters.get(session)?.leave();
  }

  hasProcess = (session: string): boolean => this.interpreters.has(session);
  whenEnded = (id: string): Promise<void> =>
    (this.interpreters.get(id) ?? this.batches.get(id))?.gone ?? Promise.resolve();
  about: Interpreters['about'] = (session) => this.interpreters.get(session)?.about ?? null;
  kindMissing: Interpreters['kindMissing'] = (kind, { options }) =>
    this.settings.kindMissing?.(kind, options) ?? null;

  progress(job: string): number | null {
    for (const interpreter of this.interpreters.values()) {
      const progress = interpreter.progressOf(job);
      if (progress !== null) return progress;
    }
    return null;
  }

  async log(id: string, lines?: number): Promise<ProcessLog | null> {
    const process = this.interpreters.get(id) ?? this.batches.get(id);
    return process === undefined ? null : lastLines(process.folder, lines);
  }

  complete: Interpreters['complete'] = (session, request) =>
    this.interpreters.get(session)?.complete(request) ?? Promise.resolve([]);

  /** Disconnects from all processes. They continue to run, and the next service finds them. */
  close(): void {
    this.retry.close();
    for (const { driver } of this.interpreters.values()) driver?.detach();
    for (const batch of this.batches.values()) batch.detach();
  }

  private find(job: string, token: string): Interpreter | Batch | undefined {
    const all = [...this.interpreters.values(), ...this.batches.values()];
    return all.find((each) => each.has(job, token));
  }

  /**
   * Starts an interpreter. If a closed session's process still occupies the slot, waits until that process has ended.
   */
  private async startInterpreter(task: Task, session: string): Promise<void> {
    const { backend } = task;
    const existing = this.interpreters.get(session);
    if (existing !== undefined) return existing.begin(task);
    const interpreter = this.keepInterpreter(
      session,
      task.job,
      backend.name,
      join(this.settings.root, session),
    );
    interpreter.begin(task);
    const others = [...this.interpreters.values()].filter(
      (one) => one.backend === backend.name && one !== interpreter,
    );
    const leaving = others.filter((one) => one.isLeaving).map((one) => one.gone);
    // After a reduction of slots there may be more processes than slots, and none that is ending.
    if (others.length >= backend.slots && leaving.length > 0) await Promise.race(leaving);
    try {
      if (interpreter.isLeaving) return await interpreter.onGone('its session was closed before it began');
      this.spawn(interpreter, task);
    } catch (error) {
      await interpreter.onGone(error instanceof Error ? error.message : String(error));
    }
  }

  private spawn(interpreter: Interpreter, { backend, params }: Task): void {
    const { commands, missing } = this.settings;
    const { folder, session: id, job } = interpreter;
    if (commands === null) throw new Error(missing ?? 'there is no driver');
    const socket = socketOf(folder);
    const request = JSON.parse(shortOf(params)) as Readonly<Record<string, unknown>>;
    const files = {
      'settings.json': { orphan_timeout: orphanTimeout, sql_rows: 1000, ...request, session: id, socket },
    };
    const about = { type: 'interpreter', id, job, backend: backend.name, socket } as const;
    const { child, note } = startDetached(folder, commands.interpreter, about, files);
    child.once('error', (error) => {
      if (note === null) void this.endOf(interpreter, `it could not be started: ${error.message}`);
    });
    if (note === null) return;
    interpreter.driver = this.driverOf(interpreter, note, child);
    interpreter.driver.connect();
    this.logger.log({ msg: 'An interpreter is starting', session: id, pid: note.pid });
  }

  private driverOf(
    interpreter: Interpreter,
    note: ProcessNote,
    child: ConstructorParameters<typeof DriverProcess>[2],
  ): DriverProcess {
    const { patience, longestMessage = defaultLongestMessage } = this.settings;
    return new DriverProcess(
      note,
      note.socket ?? socketOf(interpreter.folder),
      child,
      {
        message: (message) => interpreter.onMessage(message),
        tooLong: () => interpreter.onTooLong(longestMessage),
        gone: (how) => void this.endOf(interpreter, how),
      },
      { patience: { ...defaultPatience, ...patience }, longestMessage },
    );
  }

  private keepInterpreter(session: string, job: string, backend: string, folder: string): Interpreter {
    const listener = (): RunnerListener => this.requireListener();
    const interpreter = new Interpreter(session, job, backend, folder, listener, this.retry);
    this.interpreters.set(session, interpreter);
    void interpreter.gone.then(() => this.interpreters.delete(session));
    return interpreter;
  }

  private endOf(interpreter: Interpreter, how: string): Promise<void> {
    const line = { msg: `An interpreter has ended: ${how}`, session: interpreter.session };
    if (interpreter.isLeaving) this.logger.log(line);
    else this.logger.warn(line);
    return interpreter.onGone(how);
  }

  private startBatch(task: Task): void {
    const existing = this.batches.get(task.job);
    if (existing !== undefined) return existing.begin(task);
    const { commands, missing, root } = this.settings;
    if (commands === null) throw new Error(missing ?? 'there is no driver');
    const { job, backend, params } = task;
    const about = { type: 'batch', id: job, job, backend: backend.name, socket: null } as const;
    const folder = join(root, job);
    const request = JSON.parse(shortOf(params)) as Readonly<Record<string, unknown>>;
    const { child, note } = startDetached(folder, commands.batch, about, { 'batch.json': request });
    child.once('error', (error) => {
      if (note === null) this.refuse(task, `It could not be started: ${error.message}`);
    });
    if (note === null) return;
    const batch = this.keepBatch(folder, note);
    batch.begin(task);
    batch.watch(child);
  }

  private keepBatch(folder: string, note: ProcessNote): Batch {
    const { stopped } = { ...defaultPatience, ...this.settings.patience };
    const batch = new Batch(folder, note, () => this.requireListener(), this.retry, stopped);
    this.batches.set(note.id, batch);
    void batch.gone.then(() => this.batches.delete(note.id));
    return batch;
  }

  private refuse(task: Task, reason: string): void {
    this.answer(task, { type: 'failed', reason, reasonCode: null, traceback: null });
  }

  private answer({ job, token }: Pick<Task, 'job' | 'token'>, answer: AttemptEnd): void {
    void this.retry.untilStored(`The end of job ${job}`, () =>
      this.requireListener().attemptEnded(job, token, answer),
    );
  }

  private requireListener(): RunnerListener {
    if (this.listener === null) throw new Error('listen() has not been called');
    return this.listener;
  }
}

/**
 * Returns the path of a process's socket: in its folder or, if that path is too long, in a private temporary folder.
 */
function socketOf(folder: string): string {
  const own = join(folder, 'driver.sock');
  if (Buffer.byteLength(own) <= longestSocketPath) return own;
  const shortFolder = join(tmpdir(), `stint-${process.getuid?.() ?? 0}`);
  mkdirSync(shortFolder, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(shortFolder);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0)
    throw new Error(
      `${shortFolder} is not private to this account: remove it, or choose a shorter path for STINT_DATA`,
    );
  return join(shortFolder, `${createHash('sha256').update(folder).digest('hex').slice(0, 24)}.sock`);
}

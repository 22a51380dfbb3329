import { createHash } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { shortOf } from '../scheduler/long-text.js';
import type { Answer, Interpreters, ProcessLog, RunnerListener, Runners, Task } from '../scheduler/ports.js';
import { Batch } from './batch.js';
import { DriverProcess, type DriverPatience } from './driver-process.js';
import { Interpreter } from './interpreter.js';
import { lastLines, notesBelow, removeFolder, startDetached } from './process-folder.js';
import type { ProcessCommand, ProcessNote } from './process-folder.js';
import { isRunning, killAll } from './process-table.js';
import { Teller } from '../scheduler/teller.js';

/** What such runners run: the start of a session's process, a piece of code in it, and a process for one job alone. */
export const interpreterPrograms: readonly string[] = ['interpreter', 'statement', 'batch'];

export interface InterpreterSettings {
  /** The driver whose jobs these runners run. */
  readonly driver: string;
  /** How an interpreter and a batch are started; null when they cannot be, with the reason in `missing`. */
  readonly commands: { readonly interpreter: ProcessCommand; readonly batch: ProcessCommand } | null;
  readonly missing: string | null;
  /** Each process has a folder of its own here. */
  readonly root: string;
  /** Why a kind is not to be had here, for a backend with these options; null when it is. */
  readonly kindMissing?: (kind: string, options: Task['backend']['options']) => string | null;
  readonly patience?: Partial<DriverPatience>;
  /** Bytes. */
  readonly longestMessage?: number;
}

const defaultPatience: DriverPatience = { connect: 90_000, leave: 10_000, stopped: 30_000 };
const defaultLongestMessage = 256e6;
/** Seconds without a service after which a driver ends itself (Livy dialect, recovery). */
const orphanTimeout = 600;
/** The system's limit for a socket's path is 108 bytes; the driver's is a little less. */
const longestSocketPath = 100;

/**
 * Runners that keep one process for each session. The process holds the session's variables, lives as long as the session
 * and outlives the service, which finds it again by the note in its folder.
 */
export class InterpreterRunners implements Runners, Interpreters {
  private readonly logger = new Logger('Runners');
  private readonly teller = new Teller();
  private readonly interpreters = new Map<string, Interpreter>();
  private readonly batches = new Map<string, Batch>();
  /** Found at the start; they are spoken to once their jobs are known. */
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

  /** What ran in a process that is gone has changed what was in it. */
  isRepeatable = (program: string): boolean => !interpreterPrograms.includes(program);

  survivors(): ReadonlySet<string> {
    const found = new Set<string>();
    for (const { folder, note } of notesBelow(this.settings.root)) {
      if (note?.type === 'batch') {
        // Its exit code tells more than whether it still runs.
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
      found.add(note.id);
    }
    return found;
  }

  /** Speaks to the processes that were found; after this they may tell what happened meanwhile. */
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
      this.refuse(task, `It could not be handed to its process: ${why}`);
    }
  }

  stop(job: string, token: string): void {
    const found = this.find(job, token);
    if (found === undefined) this.answer({ job, token }, { type: 'lost', why: 'no process works on it' });
    else found.cancel();
  }

  kill(job: string, token: string): void {
    const found = this.find(job, token);
    if (found === undefined) this.answer({ job, token }, { type: 'lost', why: 'no process works on it' });
    else found.kill();
  }

  release(session: string): void {
    this.interpreters.get(session)?.leave();
  }

  lives = (session: string): boolean => this.interpreters.has(session);
  gone = (id: string): Promise<void> =>
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
    const found = this.interpreters.get(id) ?? this.batches.get(id);
    return found === undefined ? null : lastLines(found.folder, lines);
  }

  complete: Interpreters['complete'] = (session, ask) =>
    this.interpreters.get(session)?.complete(ask) ?? Promise.resolve([]);

  /** Lets go of all processes: they live on, and the next service finds them. */
  close(): void {
    this.teller.close();
    for (const { driver } of this.interpreters.values()) driver?.detach();
    for (const batch of this.batches.values()) batch.detach();
  }

  private find(job: string, token: string): Interpreter | Batch | undefined {
    const all = [...this.interpreters.values(), ...this.batches.values()];
    return all.find((each) => each.has(job, token));
  }

  /** The slot of a session that has just closed is free before its process is gone: the next one waits for that. */
  private async startInterpreter(task: Task, session: string): Promise<void> {
    const { backend } = task;
    const known = this.interpreters.get(session);
    if (known !== undefined) return known.begin(task);
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
    // Where the configuration took slots away, those that stay may be more than there are slots.
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
    const asked = JSON.parse(shortOf(params)) as Readonly<Record<string, unknown>>;
    const files = {
      'settings.json': { orphan_timeout: orphanTimeout, sql_rows: 1000, ...asked, session: id, socket },
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
    const heard = (): RunnerListener => this.heard();
    const interpreter = new Interpreter(session, job, backend, folder, heard, this.teller);
    this.interpreters.set(session, interpreter);
    void interpreter.gone.then(() => this.interpreters.delete(session));
    return interpreter;
  }

  private endOf(interpreter: Interpreter, how: string): Promise<void> {
    const words = { msg: `An interpreter is gone: ${how}`, session: interpreter.session };
    if (interpreter.isLeaving) this.logger.log(words);
    else this.logger.warn(words);
    return interpreter.onGone(how);
  }

  private startBatch(task: Task): void {
    const known = this.batches.get(task.job);
    if (known !== undefined) return known.begin(task);
    const { commands, missing, root } = this.settings;
    if (commands === null) throw new Error(missing ?? 'there is no driver');
    const { job, backend, params } = task;
    const about = { type: 'batch', id: job, job, backend: backend.name, socket: null } as const;
    const folder = join(root, job);
    const asked = JSON.parse(shortOf(params)) as Readonly<Record<string, unknown>>;
    const { child, note } = startDetached(folder, commands.batch, about, { 'batch.json': asked });
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
    const batch = new Batch(folder, note, () => this.heard(), this.teller, stopped);
    this.batches.set(note.id, batch);
    void batch.gone.then(() => this.batches.delete(note.id));
    return batch;
  }

  private refuse(task: Task, reason: string): void {
    this.answer(task, { type: 'failed', reason, reasonCode: null, traceback: null });
  }

  private answer({ job, token }: Pick<Task, 'job' | 'token'>, answer: Answer): void {
    void this.teller.tell(`The answer for job ${job}`, () => this.heard().answered(job, token, answer));
  }

  private heard(): RunnerListener {
    if (this.listener === null) throw new Error('nobody listens yet');
    return this.listener;
  }
}

/** In the process's folder, or in a private one of the system's where that path would be too long for a socket. */
function socketOf(folder: string): string {
  const own = join(folder, 'driver.sock');
  if (Buffer.byteLength(own) <= longestSocketPath) return own;
  const short = join(tmpdir(), `stint-${process.getuid?.() ?? 0}`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(short);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0)
    throw new Error(`${short} is not ours alone: remove it, or choose a shorter path for STINT_DATA`);
  return join(short, `${createHash('sha256').update(folder).digest('hex').slice(0, 24)}.sock`);
}

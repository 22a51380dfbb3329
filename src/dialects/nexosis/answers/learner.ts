import { Logger } from '@nestjs/common';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { wholeOf } from '../../../scheduler/long-text.js';
import type { LearnSessionView } from '../storage/ports.js';
import type {
  Answer,
  Clock,
  ProcessEnd,
  RunnerListener,
  Runners,
  Store,
  Task,
} from '../../../scheduler/ports.js';
import type { Query } from '../../../scheduler/query.ports.js';
import { Teller } from '../../../scheduler/teller.js';
import { learnerColumns, positionsOf } from '../wire/columns.js';
import { csvLine } from '../data/csv.js';
import { collect, type Change } from './outcome.js';
import { findSource, withMoment } from '../data/sources.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';

/** `done` of `total` steps of a calculation. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly message: string;
}

/** The person who asked must change something: said in the answer, with no traceback. */
class InputProblem extends Error {}

interface Attempt {
  readonly task: Task;
  /** Of the files it reads and writes. */
  readonly folder: string;
  /** Null until it is read, and for a prediction. */
  session: LearnSessionView | null;
  /** Its files are being written: no process has it yet. */
  preparing: boolean;
  /** When its progress was last stored, on the computer's clock. */
  toldAt: number;
  stopped: boolean;
  /** Its process has said how it ended; what it found is being stored. */
  answered: boolean;
}

/**
 * The learner's runners. A stored job only says which session or model it is about: before an attempt starts, the data is
 * written to a file in a folder of the attempt's own, and after it has ended, what it found is stored and the folder goes.
 * A job that did not come from a session cannot name files, because its params are never handed on.
 */
export class Learner implements Runners, RunnerListener {
  private readonly logger = new Logger(Learner.name);
  private readonly attempts = new Map<string, Attempt>();
  private readonly teller = new Teller();
  private readonly files: string;
  private readonly models: string;
  private listener: RunnerListener | null = null;
  /** Its folders are as they should be: no attempt is prepared before. */
  readonly ready: Promise<void>;

  constructor(
    private readonly inner: Runners,
    private readonly store: Store,
    private readonly clock: Clock,
    data: string,
  ) {
    this.files = join(data, 'learner');
    this.models = join(data, 'models');
    inner.listen(this);
    this.ready = this.clear();
  }

  /** What an earlier run of the service left goes: its attempts are lost. */
  private async clear(): Promise<void> {
    await rm(this.files, { recursive: true, force: true });
    await mkdir(this.models, { recursive: true });
    // Models whose session was not completed any more, and deleted ones whose file was left.
    for (const file of await readdir(this.models)) {
      const model = await nexosisReads(this.store.read).model(basename(file, '.skops'));
      if (model === null) await rm(join(this.models, file), { force: true });
    }
  }

  listen(listener: RunnerListener): void {
    this.listener = listener;
  }

  programs = (driver: string) => this.inner.programs(driver);
  learnPrograms = (driver: string) => this.inner.learnPrograms(driver);
  isRepeatable = (program: string) => this.inner.isRepeatable(program);
  unavailable = (driver: string) => this.inner.unavailable(driver);
  release = (session: string) => this.inner.release(session);
  survivors = () => this.inner.survivors();

  start(task: Task): void {
    if (this.attempts.has(task.token)) return;
    void this.prepare(task);
  }

  /** The service is stopping: nothing is told any more. */
  close(): void {
    this.teller.close();
  }

  stop(job: string, token: string): void {
    if (!this.noted(token)) this.inner.stop(job, token);
  }

  kill(job: string, token: string): void {
    if (!this.noted(token)) this.inner.kill(job, token);
  }

  /** Whether a stop needs no process to be ended: before there is one it is noted, and afterwards the answer is on its way. */
  private noted(token: string): boolean {
    const attempt = this.attempts.get(token);
    if (attempt === undefined || (!attempt.preparing && !attempt.answered)) return false;
    attempt.stopped = true;
    return true;
  }

  async answered(job: string, token: string, answer: Answer): Promise<void> {
    const attempt = this.attempts.get(token);
    if (attempt !== undefined) attempt.answered = true;
    const kept = attempt === undefined ? answer : await this.keepFound(attempt, answer);
    await this.listener?.answered(job, token, kept);
    this.attempts.delete(token);
    if (attempt !== undefined) await this.tidy(attempt);
  }

  /** Shown with the session while it runs; once a second is enough for people. */
  progressed({ token }: Pick<Task, 'token'>, { done, total, message }: Progress): void {
    const attempt = this.attempts.get(token);
    const at = this.clock.wall();
    if (attempt === undefined || attempt.session === null || at - attempt.toldAt < 1000) return;
    attempt.toldAt = at;
    const { id } = attempt.session;
    const words = `${done} of ${total} steps are done: ${message}`;
    this.change((tables) => tables.sessions.saveProgress(id, words)).catch((error: unknown) =>
      this.logger.warn(`Progress of session ${id} was not stored: ${String(error)}`),
    );
  }

  async logged(job: string, token: string, level: string, text: string): Promise<void> {
    await this.listener?.logged(job, token, level, text);
  }

  async lastAttempt(job: string, token: string): Promise<void> {
    await this.listener?.lastAttempt(job, token);
  }

  async ended(end: ProcessEnd): Promise<void> {
    await this.listener?.ended(end);
  }

  keep<T>(change: (query: Query) => Promise<T>): Promise<T> {
    if (this.listener === null) return Promise.reject(new Error('Nobody listens to the learner yet.'));
    return this.listener.keep(change);
  }

  private readonly change: Change = (work) => this.keep((query) => work(nexosisStore({ query })));

  private async prepare(task: Task): Promise<void> {
    const folder = join(this.files, task.token);
    const attempt: Attempt = {
      ...{ task, folder, session: null },
      ...{ preparing: true, toldAt: 0, stopped: false, answered: false },
    };
    this.attempts.set(task.token, attempt);
    try {
      await this.ready;
      const asked = JSON.parse(await wholeOf(task.params)) as { session?: unknown };
      if (typeof asked.session === 'string') attempt.session = await this.session(asked.session, task);
      const params =
        task.program === 'predict' ? await this.prediction(task) : await this.calculation(attempt);
      attempt.preparing = false;
      if (attempt.stopped) this.tell(task, { type: 'stopped' });
      else this.inner.start({ ...task, params });
    } catch (error) {
      attempt.preparing = false;
      const known = error instanceof InputProblem;
      if (!known) this.logger.error(`Job ${task.job} could not be prepared: ${String(error)}`);
      const reason = known ? error.message : `The data could not be written out: ${(error as Error).message}`;
      const traceback = known ? null : String((error as Error).stack);
      this.tell(task, { type: 'failed', reason, reasonCode: null, traceback });
    }
  }

  /** An answer that no process gave: told until it is stored, because the job's lane waits for it. */
  private tell({ job, token }: Task, answer: Answer): void {
    void this.teller.tell(`The answer for job ${job}`, () => this.answered(job, token, answer));
  }

  private async session(id: string, { job }: Task): Promise<LearnSessionView | null> {
    const session = await nexosisReads(this.store.read).session(id);
    return session?.job === job ? session : null;
  }

  /** The params of a calculation: the data as a file, and what the engine needs to know about it. */
  private async calculation({ session, folder }: Attempt): Promise<string> {
    if (session === null)
      throw new InputProblem('This program runs in sessions that were started below /nexosis/v1 only.');
    const source = await findSource(nexosisReads(this.store.read), session.instance, session.source);
    if (source === null)
      throw new InputProblem(`The data source ${session.source} was removed before the session could start.`);
    const known = positionsOf(source.columns);
    const lost = session.columns.find(({ name }) => !known.has(name.toLowerCase()));
    if (lost !== undefined)
      throw new InputProblem(
        `The column ${lost.name} was removed from ${session.source} before the session could start.`,
      );
    await mkdir(join(folder, 'out'), { recursive: true });
    const path = join(folder, 'data.csv');
    const timestamp = session.columns.findIndex(({ role }) => role === 'timestamp');
    // Columns that came after the session was asked for are none of its business.
    const places = session.columns.map(({ name }) => known.get(name.toLowerCase()) ?? -1);
    const lines = async function* () {
      yield csvLine(session.columns.map(({ name }) => name));
      for await (const rows of source.rows())
        yield rows
          .map((values) =>
            csvLine(
              withMoment(
                places.map((place) => values[place] ?? ''),
                timestamp,
              ),
            ),
          )
          .join('');
    };
    await pipeline(Readable.from(lines()), createWriteStream(path));
    const series = session.start !== null && {
      start: session.start,
      end: session.end,
      interval: session.interval,
    };
    return JSON.stringify({
      data: { path },
      columns: learnerColumns(session.columns),
      missing_values: session.missingValues,
      target: session.domain === 'anomalies' ? null : session.target,
      ...series,
      ...('balance' in session.extra && { balance: session.extra['balance'] }),
      ...('containsAnomalies' in session.extra && { contains_anomalies: session.extra['containsAnomalies'] }),
      seed: 0,
      folder: join(folder, 'out'),
    });
  }

  private async prediction({ params }: Task): Promise<string> {
    const { model: id, rows, scores } = JSON.parse(await wholeOf(params)) as Record<string, unknown>;
    const model = typeof id === 'string' ? await nexosisReads(this.store.read).model(id) : null;
    if (model === null) throw new InputProblem('Predictions are made through /nexosis/v1/models only.');
    const path = join(this.models, `${model.id}.skops`);
    return JSON.stringify({
      model: { path, sha256: model.sha256 },
      rows,
      include_class_scores: scores === true,
    });
  }

  /** Stores what an attempt found before its job ends; an answer that cannot be read is a failure. */
  private async keepFound({ session, folder }: Attempt, answer: Answer): Promise<Answer> {
    if (answer.type !== 'completed' || session === null) return answer;
    try {
      // Deleted meanwhile: nobody will ask for it.
      if ((await nexosisReads(this.store.read).session(session.id)) !== null) {
        const at = this.clock.now();
        await collect(this.change, session, await wholeOf(answer.result), {
          folder: join(folder, 'out'),
          models: this.models,
          at,
        });
      }
      return { type: 'completed', result: JSON.stringify({ session: session.id }) };
    } catch (error) {
      this.logger.error(
        `What job ${session.job} found could not be stored: ${String((error as Error).stack)}`,
      );
      const reason = `What the calculation found could not be read: ${(error as Error).message}`;
      return { type: 'failed', reason, reasonCode: null, traceback: String((error as Error).stack) };
    }
  }

  private async tidy({ folder }: Attempt): Promise<void> {
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) =>
      this.logger.warn(`${folder} could not be removed: ${String(error)}`),
    );
  }
}

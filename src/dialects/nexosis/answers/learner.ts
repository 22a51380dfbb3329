import { Logger } from '@nestjs/common';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { wholeOf } from '../../../scheduler/long-text.js';
import type { LearnSessionView } from '../storage/ports.js';
import type {
  AttemptEnd,
  Clock,
  ProcessEnd,
  RunnerListener,
  Runners,
  Store,
  Task,
} from '../../../scheduler/ports.js';
import type { Query } from '../../../scheduler/query.ports.js';
import { Retry } from '../../../scheduler/retry.js';
import { learnerColumns, positionsOf } from '../wire/columns.js';
import { csvLine } from '../data/csv.js';
import { storeOutcome, type Change } from './outcome.js';
import { findSource, withMoment } from '../data/sources.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';
import { logUnreadable } from '../storage/readable.js';

/** `done` of `total` steps of a calculation. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly message: string;
}

/** A problem that the user can fix. The attempt fails with this message and without a traceback. */
class InputProblem extends Error {}

interface Attempt {
  readonly task: Task;
  /** Folder of the files that the attempt reads and writes. */
  readonly folder: string;
  /** Null for a prediction, and until it is read. */
  session: LearnSessionView | null;
  /** Whether the files are still being written, so that no process has the task yet. */
  preparing: boolean;
  /** When its progress was last stored, by the wall clock. */
  progressAt: number;
  stopped: boolean;
  /** Whether the process has reported the attempt's end. The outcome is then being stored. */
  answered: boolean;
}

/**
 * Prepares the attempts of the learner's runners and stores their outcomes. The params of a job only name a session or
 * a model. Before an attempt starts, the data is written to a file in the attempt's own folder. After it ends, the
 * outcome is stored and the folder deleted. The params are never passed on, so no job can name files of this machine.
 */
export class Learner implements Runners, RunnerListener {
  private readonly logger = new Logger(Learner.name);
  private readonly attempts = new Map<string, Attempt>();
  private readonly retry = new Retry();
  private readonly files: string;
  private readonly models: string;
  private listener: RunnerListener | null = null;
  /** Resolves when the folders of an earlier run are cleared. No attempt is prepared before. */
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
    this.ready = this.clearFolders();
  }

  /** Deletes the files of attempts of an earlier run, which are lost, and model files without a row. */
  private async clearFolders(): Promise<void> {
    await rm(this.files, { recursive: true, force: true });
    await mkdir(this.models, { recursive: true });
    // Some belong to sessions that did not complete, others to models that were deleted.
    for (const file of await readdir(this.models)) {
      if (await this.lacksModel(basename(file, '.skops'))) await rm(join(this.models, file), { force: true });
    }
  }

  private async lacksModel(id: string): Promise<boolean> {
    try {
      return (await nexosisReads(this.store.read).model(id)) === null;
    } catch (error) {
      // A row that cannot be read is still a row, so its file stays.
      logUnreadable(error);
      return false;
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

  /** Stops retrying to report attempt ends, because the service is stopping. */
  close(): void {
    this.retry.close();
  }

  stop(job: string, token: string): void {
    if (!this.noteStop(token)) this.inner.stop(job, token);
  }

  kill(job: string, token: string): void {
    if (!this.noteStop(token)) this.inner.kill(job, token);
  }

  /** Notes a stop if no process has to end: during preparation, or after the end was reported. Else returns false. */
  private noteStop(token: string): boolean {
    const attempt = this.attempts.get(token);
    if (attempt === undefined || (!attempt.preparing && !attempt.answered)) return false;
    attempt.stopped = true;
    return true;
  }

  async attemptEnded(job: string, token: string, end: AttemptEnd): Promise<void> {
    const attempt = this.attempts.get(token);
    if (attempt !== undefined) attempt.answered = true;
    const reportedEnd = attempt === undefined ? end : await this.storeResult(attempt, end);
    await this.listener?.attemptEnded(job, token, reportedEnd);
    this.attempts.delete(token);
    if (attempt !== undefined) await this.removeFolder(attempt);
  }

  /** Stores the progress, at most once a second. The session shows it while it runs. */
  progressed({ token }: Pick<Task, 'token'>, { done, total, message }: Progress): void {
    const attempt = this.attempts.get(token);
    const at = this.clock.wall();
    if (attempt === undefined || attempt.session === null || at - attempt.progressAt < 1000) return;
    attempt.progressAt = at;
    const { id } = attempt.session;
    const progress = `${done} of ${total} steps are done: ${message}`;
    this.change((tables) => tables.sessions.saveProgress(id, progress)).catch((error: unknown) =>
      this.logger.warn(`Progress of session ${id} was not stored: ${String(error)}`),
    );
  }

  async logged(job: string, token: string, level: string, text: string): Promise<void> {
    await this.listener?.logged(job, token, level, text);
  }

  async lastAttempt(job: string, token: string): Promise<void> {
    await this.listener?.lastAttempt(job, token);
  }

  async processEnded(end: ProcessEnd): Promise<void> {
    await this.listener?.processEnded(end);
  }

  runChange<T>(change: (query: Query) => Promise<T>): Promise<T> {
    if (this.listener === null) return Promise.reject(new Error('The learner has no listener yet.'));
    return this.listener.runChange(change);
  }

  private readonly change: Change = (work) => this.runChange((query) => work(nexosisStore({ query })));

  private async prepare(task: Task): Promise<void> {
    const folder = join(this.files, task.token);
    const attempt: Attempt = {
      ...{ task, folder, session: null },
      ...{ preparing: true, progressAt: 0, stopped: false, answered: false },
    };
    this.attempts.set(task.token, attempt);
    try {
      await this.ready;
      const stored = JSON.parse(await wholeOf(task.params)) as { session?: unknown };
      if (typeof stored.session === 'string') attempt.session = await this.session(stored.session, task);
      const params =
        task.program === 'predict' ? await this.prediction(task) : await this.calculation(attempt);
      attempt.preparing = false;
      if (attempt.stopped) this.answerJob(task, { type: 'stopped' });
      else this.inner.start({ ...task, params });
    } catch (error) {
      attempt.preparing = false;
      const isUsers = error instanceof InputProblem;
      if (!isUsers) this.logger.error(`Job ${task.job} could not be prepared: ${String(error)}`);
      const reason = isUsers ? error.message : `The data could not be written: ${(error as Error).message}`;
      const traceback = isUsers ? null : String((error as Error).stack);
      this.answerJob(task, { type: 'failed', reason, reasonCode: null, traceback });
    }
  }

  /**
   * Reports the end of an attempt without a process. Retries until stored, because the job keeps its lane until then.
   */
  private answerJob({ job, token }: Task, answer: AttemptEnd): void {
    void this.retry.untilStored(`The answer for job ${job}`, () => this.attemptEnded(job, token, answer));
  }

  private async session(id: string, { job }: Task): Promise<LearnSessionView | null> {
    const session = await nexosisReads(this.store.read).session(id);
    return session?.job === job ? session : null;
  }

  /** Writes the data of a calculation to a file, and returns the params for the worker. */
  private async calculation({ session, folder }: Attempt): Promise<string> {
    if (session === null)
      throw new InputProblem('This program runs only in sessions started through /nexosis/v1.');
    const source = await findSource(nexosisReads(this.store.read), session.instance, session.source);
    if (source === null)
      throw new InputProblem(`The data source ${session.source} was removed before the session could start.`);
    const positions = positionsOf(source.columns);
    const missing = session.columns.find(({ name }) => !positions.has(name.toLowerCase()));
    if (missing !== undefined)
      throw new InputProblem(
        `The column ${missing.name} was removed from ${session.source} before the session could start.`,
      );
    await mkdir(join(folder, 'out'), { recursive: true });
    const path = join(folder, 'data.csv');
    const timestamp = session.columns.findIndex(({ role }) => role === 'timestamp');
    // The session ignores columns that were added to the source after the request.
    const places = session.columns.map(({ name }) => positions.get(name.toLowerCase()) ?? -1);
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
    if (model === null) throw new InputProblem('Predictions are made only through /nexosis/v1/models.');
    const path = join(this.models, `${model.id}.skops`);
    return JSON.stringify({
      model: { path, sha256: model.sha256 },
      rows,
      include_class_scores: scores === true,
    });
  }

  /** Stores the outcome of an attempt before its job ends. The attempt fails if its result cannot be read. */
  private async storeResult({ session, folder }: Attempt, answer: AttemptEnd): Promise<AttemptEnd> {
    if (answer.type !== 'completed' || session === null) return answer;
    try {
      // The session may have been deleted meanwhile; then nobody needs the outcome.
      if ((await nexosisReads(this.store.read).session(session.id)) !== null) {
        const at = this.clock.now();
        await storeOutcome(this.change, session, await wholeOf(answer.result), {
          folder: join(folder, 'out'),
          models: this.models,
          at,
        });
      }
      return { type: 'completed', result: JSON.stringify({ session: session.id }) };
    } catch (error) {
      this.logger.error(
        `The outcome of job ${session.job} could not be stored: ${String((error as Error).stack)}`,
      );
      const reason = `The result of the calculation could not be read: ${(error as Error).message}`;
      return { type: 'failed', reason, reasonCode: null, traceback: String((error as Error).stack) };
    }
  }

  private async removeFolder({ folder }: Attempt): Promise<void> {
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) =>
      this.logger.warn(`${folder} could not be removed: ${String(error)}`),
    );
  }
}

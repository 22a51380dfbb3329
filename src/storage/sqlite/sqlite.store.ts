import type { DataSource } from 'typeorm';
import { compareDeadlines, deadlineRank } from '../../kernel/session/session.deadline.js';
import type { Millis } from '../../kernel/time.js';
import { diskFailure } from '../../scheduler/disk.ports.js';
import type { DueDeadline, Fact, Reads, Store, Tx } from '../../scheduler/ports.js';
import type { JobMemory, QueueMemory } from '../../scheduler/process-memory.ports.js';
import { backendsStore, instancesStore, tokensStore } from './admin.store.js';
import type { Checkpointer } from './checkpointer.js';
import type { BackendRow, InstanceRow, JobRow, TokenRow } from './entities/rows.js';
import { eventsStore, lastEvent, listEvents } from './events.store.js';
import { readFinished, readForecast } from './forecast.query.js';
import { JobCache } from './job-cache.js';
import { jobsStore, listJobs, seqOfJob, runsOnRunner } from './jobs.store.js';
import { textOfRow, textsReads, textsStore, type TextKind } from './long-texts.store.js';
import { ledgerStore, listLedger, sumLedger } from './ledger.store.js';
import { toBackend, toInstance, toJobRecord, toToken } from './mapping.js';
import { queryOf } from './query.js';
import { receiptsStore } from './receipts.store.js';
import { findSession, listSessions, sessionsStore } from './sessions.store.js';
import { QueueCounts } from './queue-counts.js';
import { readCharged, readSlots, readSnapshot } from './snapshot.query.js';
import { readWaiting } from './waiting.query.js';
import { insertInto, Sql } from './sql.js';
import { deadlineKindOf } from '../stored-forms.js';
import { WriteQueue } from './write-queue.js';

/** The store in one SQLite file, with one connection for serialized writes and one that reads only committed state. */
export class SqliteStore implements Store {
  readonly read: Reads;
  private readonly tx: Tx;
  private readonly queue: WriteQueue;
  private failure: string | null = null;

  constructor(writer: DataSource, reader: DataSource, checkpointer: Checkpointer | null = null) {
    const sql = new Sql(writer);
    const jobs: JobMemory = new JobCache();
    const counts: QueueMemory = new QueueCounts();
    const alive = new AliveAt(sql);
    this.queue = new WriteQueue(sql, {
      beforeCommit: () => alive.store(),
      onEnd: () => {
        jobs.transactionEnded();
        counts.invalidate();
        checkpointer?.checkpointIfDue();
      },
    });
    this.tx = transaction(sql, jobs, alive, (bytes) => checkpointer?.addWritten(bytes));
    this.read = reads(new Sql(reader), jobs, counts);
  }

  async write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      const value = await this.queue.write(() => work(this.tx));
      this.failure = null;
      return value;
    } catch (error) {
      this.failure = diskFailure(error) ?? this.failure;
      throw error;
    }
  }

  /** Why the last write failed, if the disk was the reason; else null. */
  get diskFailure(): string | null {
    return this.failure;
  }

  /** Writes a value that is already stored. */
  async probe(): Promise<void> {
    await this.write(async ({ facts }) => {
      const known = await facts.get('bootstrap_token');
      if (known !== null) await facts.set('bootstrap_token', known);
    });
  }

  /** Resolves when every write has completed. */
  idle(): Promise<void> {
    return this.queue.idle();
  }
}

const upsertFact = `${insertInto('facts', ['key', 'value'])} ON CONFLICT ("key") DO UPDATE SET value = excluded.value`;

/** Collects the time of the latest change, so that transactions that share a commit store it once. */
class AliveAt {
  private latest: string | null = null;

  constructor(private readonly sql: Sql) {}

  set(value: string): void {
    this.latest = value;
  }

  async store(): Promise<void> {
    if (this.latest !== null) await this.sql.run(upsertFact, 'alive_at', this.latest);
    this.latest = null;
  }
}

/** `onWrite` receives the number of bytes of large writes. */
function transaction(sql: Sql, jobs: JobMemory, alive: AliveAt, onWrite: (bytes: number) => void): Tx {
  return {
    sessions: sessionsStore(sql),
    jobs: jobsStore(sql, jobs),
    backends: backendsStore(sql),
    instances: instancesStore(sql),
    tokens: tokensStore(sql),
    receipts: receiptsStore(sql),
    events: eventsStore(sql),
    ledger: ledgerStore(sql),
    texts: textsStore(sql, onWrite),
    query: queryOf(sql, onWrite),
    firstDeadline: (at) => firstDue(sql, at),
    async inSavepoint(work) {
      await sql.run('SAVEPOINT part');
      try {
        const result = await work();
        await sql.run('RELEASE part');
        return result;
      } catch (error) {
        // With a full disk SQLite has already rolled back the whole transaction (see `WriteQueue`).
        await sql.run('ROLLBACK TO part').catch(() => Promise.reject(error as Error));
        await sql.run('RELEASE part');
        throw error;
      }
    },
    async disarmDeadline({ subject, id }) {
      await sql.run(`UPDATE ${subject}s SET due_at = NULL WHERE id = ?`, id);
    },
    nextDeadlineAt: async () => (await firstDue(sql, Number.MAX_SAFE_INTEGER))?.at ?? null,
    snapshot: (backend, at, fairShareWindow) => readSnapshot(sql, backend, at, fairShareWindow),
    facts: {
      get: async (key: Fact) =>
        (await sql.one<{ value: string }>('SELECT value FROM facts WHERE "key" = ?', key))?.value ?? null,
      set: async (key: Fact, value: string) =>
        key === 'alive_at' ? alive.set(value) : sql.run(upsertFact, key, value),
      remove: (key: Fact) => sql.run('DELETE FROM facts WHERE "key" = ?', key),
    },
  };
}

/** Returns the earliest deadline up to `at`. Each session, job and budget has its own earliest one in its row. */
async function firstDue(sql: Sql, at: Millis): Promise<DueDeadline | null> {
  interface Head {
    id: string;
    due_at: number;
    due_rank: number;
    due_kind: string | null;
  }
  const session = await sql.one<Head>(
    'SELECT id, due_at, due_rank, due_kind FROM sessions WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at, due_rank, created_at, id LIMIT 1',
    at,
  );
  const job = await sql.one<Head>(
    'SELECT id, due_at, due_rank, due_kind FROM jobs WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at, due_rank, seq LIMIT 1',
    at,
  );
  const budget = await sql.one<{ id: string; due_at: number }>(
    'SELECT id, due_at FROM instances WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at, id LIMIT 1',
    at,
  );
  const heads: { due: DueDeadline; at: Millis; rank: number }[] = [];
  const push = (due: DueDeadline, rank: number) => heads.push({ due, at: due.at, rank });
  const add = (subject: 'session' | 'job', { id, due_at: dueAt, due_rank: rank, due_kind: stored }: Head) => {
    const kind = deadlineKindOf(stored);
    const unknown = kind === null && stored !== null ? { unknownKind: stored } : {};
    push({ subject, kind, ...unknown, id, at: Number(dueAt) }, rank);
  };
  if (session !== null) add('session', session);
  if (job !== null) add('job', job);
  if (budget !== null)
    push(
      { subject: 'instance', kind: 'budget', id: budget.id, at: Number(budget.due_at) },
      deadlineRank.budget,
    );
  return heads.sort(compareDeadlines)[0]?.due ?? null;
}

function reads(sql: Sql, jobs: JobMemory, counts: QueueMemory): Reads {
  const mapped = <R, T>(row: R | null, map: (row: R) => T): T | null => (row === null ? null : map(row));
  const length = (text: string | null) => text?.length ?? 0;
  const readJob = async (id: string) =>
    mapped(await sql.one<JobRow>('SELECT * FROM jobs WHERE id = ?', id), (row) => ({
      job: toJobRecord(row),
      size: length(row.details) + length(row.reason) + length(row.script) + length(row.stop),
    }));
  const body = async (table: string, kind: TextKind, job: string) => {
    const row = await sql.one<{ seq: number; body: string }>(
      `SELECT seq, body FROM ${table} WHERE seq = ${seqOfJob}`,
      job,
    );
    return row === null ? null : textOfRow(sql, row.body, kind, row.seq);
  };
  return {
    session: (id) => findSession(sql, id),
    sessions: (filter) => listSessions(sql, filter),
    job: (id) => jobs.find(id, readJob),
    jobs: (filter) => listJobs(sql, filter),
    isAccruing: async () =>
      (await sql.one(
        `SELECT 1 WHERE EXISTS (SELECT 1 FROM jobs WHERE ${runsOnRunner})
           OR EXISTS (SELECT 1 FROM sessions WHERE slot IS NOT NULL AND backend IN (SELECT name FROM backends))`,
      )) !== null,
    params: (job) => body('job_params', 'params', job),
    result: (job) => body('job_results', 'result', job),
    texts: textsReads(sql),
    logs: (job) => sql.all('SELECT at, level, text FROM job_logs WHERE job = ? ORDER BY id', job),
    backend: async (name) =>
      mapped(await sql.one<BackendRow>('SELECT * FROM backends WHERE name = ?', name), toBackend),
    backends: async () =>
      (await sql.all<BackendRow>('SELECT * FROM backends ORDER BY created_at, name')).map(toBackend),
    slots: ({ name, slots }) => readSlots(sql, name, slots),
    instance: async (id) =>
      mapped(await sql.one<InstanceRow>('SELECT * FROM instances WHERE id = ?', id), toInstance),
    instanceByCrn: async (crn) =>
      mapped(await sql.one<InstanceRow>('SELECT * FROM instances WHERE crn = ?', crn), toInstance),
    instances: async () =>
      (await sql.all<InstanceRow>('SELECT * FROM instances ORDER BY created_at, id')).map(toInstance),
    token: async (id) => mapped(await sql.one<TokenRow>('SELECT * FROM tokens WHERE id = ?', id), toToken),
    tokenByHash: async (hash) =>
      mapped(await sql.one<TokenRow>('SELECT * FROM tokens WHERE hash = ?', hash), toToken),
    tokens: async () =>
      (await sql.all<TokenRow>('SELECT * FROM tokens ORDER BY created_at, id')).map(toToken),
    waiting: (job, at, fairShareWindow) => readWaiting(sql, counts, job, at, fairShareWindow),
    forecast: (backend, at, fairShareWindow, requester) =>
      readForecast(sql, { backend, at, window: fairShareWindow, requester: requester }),
    finished: (backend, program) => readFinished(sql, backend, program),
    events: (filter) => listEvents(sql, filter),
    lastEvent: () => lastEvent(sql),
    charged: (instance, from, at) => readCharged(sql, instance, from, at),
    ledger: (filter, page) => listLedger(sql, filter, page),
    ledgerSums: (filter, by) => sumLedger(sql, filter, by),
    query: queryOf(sql),
  };
}

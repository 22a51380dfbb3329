import type { BackendStatus } from '../../kernel/backend/backend.js';
import { compareInstances, type Standing } from '../../kernel/choice/order.js';
import {
  horizon,
  type FinishedJob,
  type ForecastInstance,
  type ForecastJob,
  type ForecastSession,
  type ForecastView,
  type RunningView,
} from '../../kernel/estimate/forecast.view.js';
import type { Millis } from '../../kernel/time.js';
import { accruedBy } from '../../kernel/usage/accrual.js';
import { isUsedUp } from '../../kernel/usage/budget.js';
import type { SessionRow } from './entities/rows.js';
import { storedForms } from '../stored-forms.js';
import { toSession } from './mapping.js';
import { instancesWaiting, readSlots } from './snapshot.query.js';
import type { Sql } from './sql.js';

export interface ForecastRequest {
  readonly backend: string;
  readonly at: Millis;
  readonly window: Millis;
  readonly requester: string | null;
}

/** The most instances that a forecast plays. Waits of jobs behind them are extrapolated from the pace of the queue. */
const maxInstances = 100;
/** The most rows read for one kind of queue, shared among all queues of that kind. */
const maxRows = 2 * horizon;
/** The most finished jobs that are read as samples of a program's duration. */
const maxFinished = 500;

/** Returns how many rows of each queue are read if there are so many queues. */
const limitFor = (queues: number): number =>
  Math.min(horizon, Math.max(5, Math.ceil(maxRows / Math.max(1, queues))));

/**
 * Reads the beginning of one backend's queue. Takes a dozen statements along indexes, with a bounded number of rows
 * whatever the number of queued jobs, instances and sessions.
 */
export async function readForecast(sql: Sql, request: ForecastRequest): Promise<ForecastView | null> {
  const { backend: name, at } = request;
  const backend = await sql.one<{ status: string; slots: number; lanes: number }>(
    'SELECT status, slots, lanes FROM backends WHERE name = ?',
    name,
  );
  if (backend === null) return null;
  const slots = await readSlots(sql, name, backend.slots);
  const running = await readRunning(sql, name);
  const batches = (
    await sql.all<{ id: string }>(
      `SELECT id FROM sessions WHERE head_seq IS NOT NULL AND state = 'active' AND mode = 'batch' AND backend = ?
       ORDER BY activation LIMIT ?`,
      name,
      horizon,
    )
  ).map(({ id }) => id);
  const placedSessions = [...slots.flatMap(({ holder, reservedFor }) => [holder, reservedFor]), ...batches];
  const busy = await instancesOf(sql, running, placedSessions);
  const { shown, hiddenFrom } = await readInstances(sql, request, busy);
  const waiting = await readWaiting(sql, name, shown);
  const sessionIds = [...placedSessions, ...waiting.sessions].filter((id) => id !== null);
  const sessions = await readSessions(sql, [...new Set(sessionIds)]);
  const queued = [...sessions.flatMap(({ queue }) => queue), ...waiting.jobs];
  return {
    at,
    backend: { name, status: backend.status as BackendStatus, lanes: backend.lanes },
    slots,
    running,
    sessions,
    batches,
    instances: waiting.instances,
    hiddenFrom,
    recent: await readRecent(sql, name, [...running, ...queued]),
  };
}

interface JobColumns {
  readonly id: string;
  readonly seq: number;
  readonly instance: string;
  readonly program: string;
  readonly duration: number | null;
  readonly most: number;
}
const jobColumns = (of: string): string =>
  `${of}.id, ${of}.seq, ${of}.instance, ${of}.program, ${of}.max_execution_time AS most,
   json_extract(${of}.script, '$.duration') AS duration`;

const toForecastJob = ({ id, seq, instance, program, duration, most }: JobColumns): ForecastJob => ({
  id,
  seq: Number(seq),
  instance,
  program,
  duration: duration === null ? null : Number(duration),
  maxExecutionTime: Number(most),
});

async function readRunning(sql: Sql, backend: string): Promise<RunningView[]> {
  const rows = await sql.all<
    JobColumns & {
      session: string | null;
      mode: string;
      slot: number;
      started_at: number;
      stop: string | null;
    }
  >(
    `SELECT ${jobColumns('j')}, j.session, j.mode, j.slot, j.started_at, j.stop FROM jobs j
     WHERE j.state = 'running' AND j.backend = ?`,
    backend,
  );
  return rows.map((row) => ({
    ...toForecastJob(row),
    session: row.session,
    charged: row.mode !== 'dedicated',
    slot: row.slot,
    startedAt: Number(row.started_at),
    stopAt: row.stop === null ? null : storedForms.job.stop.read(row.stop, row.id).at,
  }));
}

type InstanceCharge = Pick<ForecastInstance, 'id' | 'shares' | 'charged' | 'rate' | 'budget'>;

/**
 * Returns the instances of running jobs and of sessions with a slot or a batch's priority, because their budgets may
 * run out in the forecast.
 */
async function instancesOf(
  sql: Sql,
  running: readonly RunningView[],
  sessions: readonly (string | null)[],
): Promise<Set<string>> {
  const rows = await sql.all<{ instance: string }>(
    'SELECT s.instance FROM json_each(?) w CROSS JOIN sessions s ON s.id = w.value',
    JSON.stringify(sessions),
  );
  return new Set([...running, ...rows].map(({ instance }) => instance));
}

/** Reads the waiting, the requesting and the `busy` instances, least charged first; drops those that are not played. */
async function readInstances(
  sql: Sql,
  { backend, at, window, requester }: ForecastRequest,
  busy: ReadonlySet<string>,
): Promise<{ shown: InstanceCharge[]; hiddenFrom: number | null }> {
  const waiting = await instancesWaiting(sql, backend);
  const ids = JSON.stringify([...new Set([...waiting, ...busy, ...(requester === null ? [] : [requester])])]);
  const rows = await sql.all<{ id: string; shares: number; budget: number | null; charged: number }>(
    `SELECT i.id, i.shares, i.budget, i.charged - COALESCE((SELECT total FROM ledger
       WHERE instance = i.id AND "to" <= ? ORDER BY "to" DESC, id DESC LIMIT 1), 0) AS charged
     FROM json_each(?) w CROSS JOIN instances i ON i.id = w.value`,
    at - window,
    ids,
  );
  const accruing = await readAccruing(sql);
  const all = rows
    .map(({ id, shares, budget, charged }): InstanceCharge => {
      const { rate, since } = accruing.get(id) ?? { rate: 0, since: 0 };
      const fields = { id, shares, rate, budget: budget === null ? null : Number(budget) };
      return { ...fields, charged: Number(charged) + accruedBy({ count: rate, starts: since }, at) };
    })
    .sort((a, b) => compareInstances(toStanding(a), toStanding(b)));
  const shown = all.filter(({ id }, i) => i < maxInstances || id === requester || busy.has(id));
  const hidden = all.find((one) => !shown.includes(one) && !toStanding(one).blocked);
  return { shown, hiddenFrom: hidden === undefined ? null : hidden.charged / hidden.shares };
}

const toStanding = ({ charged, shares, budget }: InstanceCharge): Standing => ({
  ...{ charged, shares },
  blocked: budget !== null && isUsedUp({ budget, charged }),
});

/** Reads what is being charged on all backends, by instance: number of things, and the sum of their start times. */
async function readAccruing(sql: Sql): Promise<Map<string, { rate: number; since: number }>> {
  const rows = await sql.all<{ instance: string; n: number; since: number }>(
    `SELECT instance, COUNT(*) AS n, SUM(since) AS since FROM (
       SELECT instance, started_at AS since FROM jobs WHERE state = 'running' AND mode <> 'dedicated'
       UNION ALL
       SELECT instance, held_since FROM sessions WHERE slot IS NOT NULL AND held_since IS NOT NULL
     ) GROUP BY instance`,
  );
  return new Map(rows.map(({ instance, n, since }) => [instance, { rate: Number(n), since: Number(since) }]));
}

/** Reads the general queue: each instance's first lone jobs and first sessions, merged in submission order. */
async function readWaiting(
  sql: Sql,
  backend: string,
  charged: readonly InstanceCharge[],
): Promise<{ instances: ForecastInstance[]; sessions: string[]; jobs: ForecastJob[] }> {
  const ids = JSON.stringify(charged.map(({ id }) => id));
  const most = limitFor(charged.length);
  const lone = grouped(
    await sql.all<JobColumns>(
      `SELECT ${jobColumns('j')} FROM json_each(?) w CROSS JOIN jobs j ON j.seq IN (SELECT seq FROM jobs
         WHERE state = 'queued' AND session IS NULL AND backend = ? AND instance = w.value ORDER BY seq LIMIT ?)
       ORDER BY j.seq`,
      ids,
      backend,
      most,
    ),
    ({ instance }) => instance,
  );
  const heads = grouped(
    await sql.all<{ id: string; instance: string; seq: number }>(
      `SELECT s.id, s.instance, s.head_seq AS seq FROM json_each(?) w CROSS JOIN sessions s ON s.id IN (
         SELECT id FROM sessions WHERE head_seq IS NOT NULL AND state IN ('open', 'inactive') AND backend = ?
           AND instance = w.value ORDER BY head_seq LIMIT ?)
       ORDER BY s.head_seq`,
      ids,
      backend,
      most,
    ),
    ({ instance }) => instance,
  );
  const instances = charged.map((instance): ForecastInstance => {
    const jobs = lone.get(instance.id) ?? [];
    const sessions = heads.get(instance.id) ?? [];
    // Drop entries behind the last one of a truncated list: entries that were not read may come before them.
    const known = Math.min(
      ...[jobs, sessions].map((read) => (read.length < most ? Infinity : Number(read.at(-1)?.seq))),
    );
    const waiting = [
      ...jobs.map(toForecastJob),
      ...sessions.map(({ id, seq }) => ({ session: id, seq: Number(seq) })),
    ]
      .sort((a, b) => a.seq - b.seq)
      .filter(({ seq }) => seq <= known);
    return { ...instance, waiting, more: known < Infinity };
  });
  const entries = instances.flatMap(({ waiting }) => waiting);
  return {
    instances,
    sessions: entries.flatMap((entry) => ('session' in entry ? [entry.session] : [])),
    jobs: entries.flatMap((entry) => ('session' in entry ? [] : [entry])),
  };
}

async function readSessions(sql: Sql, ids: readonly string[]): Promise<ForecastSession[]> {
  const most = limitFor(ids.length);
  const idsJson = JSON.stringify(ids);
  const rows = await sql.all<SessionRow>(
    'SELECT s.* FROM json_each(?) w CROSS JOIN sessions s ON s.id = w.value',
    idsJson,
  );
  const queues = grouped(
    await sql.all<JobColumns & { session: string }>(
      `SELECT ${jobColumns('j')}, j.session FROM json_each(?) w CROSS JOIN jobs j ON j.seq IN (SELECT seq FROM jobs
         WHERE state = 'queued' AND session IS NOT NULL AND session = w.value ORDER BY seq LIMIT ?)
       ORDER BY j.seq`,
      idsJson,
      most,
    ),
    ({ session }) => session,
  );
  return rows.map((row) => {
    const queue = (queues.get(row.id) ?? []).map(toForecastJob);
    return { ...toSession(row), queue, more: queue.length === most && row.queued_jobs > most };
  });
}

/** Reads the durations of recent jobs of the programs of `jobs`, except scripted ones, which state their duration. */
async function readRecent(sql: Sql, backend: string, jobs: readonly ForecastJob[]): Promise<FinishedJob[]> {
  const programs = new Set(jobs.filter(({ duration }) => duration === null).map(({ program }) => program));
  const recent: FinishedJob[] = [];
  for (const program of programs) recent.push(...(await readFinished(sql, backend, program)));
  return recent;
}

/** Reads the durations of one program's recent jobs on this backend, latest first. */
export async function readFinished(sql: Sql, backend: string, program: string): Promise<FinishedJob[]> {
  const rows = await sql.all<{ instance: string; duration: number }>(
    `SELECT instance, ended_at - started_at AS duration FROM jobs
     WHERE script IS NULL AND started_at IS NOT NULL AND ended_at IS NOT NULL AND backend = ? AND program = ?
     ORDER BY ended_at DESC LIMIT ?`,
    backend,
    program,
    maxFinished,
  );
  return rows.map(({ instance, duration }) => ({ program, instance, duration: Number(duration) }));
}

function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

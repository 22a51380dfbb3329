import type { Job } from '../../kernel/job/job.js';
import type { Session } from '../../kernel/session/session.js';
import type { LivyBatch, LivySession, LivyStatement } from './storage/ports.js';
import { bytesOfAll, codeIn, joined, type TextParts } from '../../scheduler/long-text.js';
import type { ProcessLog } from '../../scheduler/ports.js';
import { failureReason } from './endings.js';
import type { Kind } from './kinds.js';

/** All states that Livy's clients know. Clients fail on any other state (dialect, session states). */
export type LivyState =
  | 'not_started'
  | 'starting'
  | 'idle'
  | 'busy'
  | 'running'
  | 'shutting_down'
  | 'error'
  | 'dead'
  | 'killed'
  | 'success';

/** The part of a session that comes from its process and is not stored. */
export interface ProcessState {
  /** Whether the process exists. */
  readonly lives: boolean;
  readonly about: { readonly appId: string | null; readonly uiUrl: string | null } | null;
  readonly log: readonly string[];
}

/**
 * Returns Livy's state of a session. `lives` says whether its process exists. A session is starting until its first
 * job, which starts the interpreter, has completed.
 */
export function stateOf(session: Session, lives: boolean): LivyState {
  switch (session.state) {
    case 'open':
    case 'inactive':
      return 'not_started';
    case 'active':
      if (session.lastJobCompleted === null) return 'starting';
      return session.runningJobs + session.queuedJobs > 0 ? 'busy' : 'idle';
    case 'closed':
      if (session.closeCode === 'runner_lost') return 'error';
      if (lives) return 'shutting_down';
      return session.closeCode === 'closed_by_admin' ? 'killed' : 'dead';
  }
}

const texts = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Returns a session in Livy's form, always with the same keys: Livy's Java client fails on an unknown key. */
export function fromSession(
  { number, name, request, session }: LivySession,
  { lives, about, log }: ProcessState,
) {
  return {
    id: number,
    name,
    appId: about?.appId ?? null,
    owner: session.user,
    proxyUser: null,
    state: stateOf(session, lives),
    kind: request['kind'] as Kind,
    appInfo: { driverLogUrl: null, sparkUiUrl: about?.uiUrl ?? null, executorLogUrls: null },
    log,
    ttl: request['ttl'] ?? null,
    idleTimeout: request['idleTimeout'] ?? null,
    driverMemory: request['driverMemory'] ?? null,
    driverCores: request['driverCores'] ?? 0,
    executorMemory: request['executorMemory'] ?? null,
    executorCores: request['executorCores'] ?? 0,
    conf: request['conf'] ?? {},
    archives: texts(request['archives']),
    files: texts(request['files']),
    heartbeatTimeoutInSecond: request['heartbeatTimeoutInSecond'] ?? 0,
    jars: texts(request['jars']),
    numExecutors: request['numExecutors'] ?? 0,
    pyFiles: texts(request['pyFiles']),
    queue: request['queue'] ?? null,
  };
}

export type StatementState = 'waiting' | 'running' | 'available' | 'cancelling' | 'cancelled';

/**
 * Returns Livy's state of a statement. A failed one is `available` with an error as output, but cancelled if it never
 * ran.
 */
export function statementState({ state, stop, attempts }: Job): StatementState {
  switch (state) {
    case 'queued':
      return 'waiting';
    case 'running':
      return stop === null ? 'running' : 'cancelling';
    case 'failed':
      return attempts === 0 ? 'cancelled' : 'available';
    case 'completed':
      return 'available';
    case 'cancelled':
      return 'cancelled';
  }
}

/**
 * Returns a statement as JSON text. Inserts the output as text, because parsing would change numbers with more digits
 * than a double has, and because an output may be large. `progress` is the last report of the process; it is ignored
 * after the end.
 */
export function partsOfStatement(
  { number, job, params, output }: LivyStatement,
  progress: number | null,
): TextParts {
  const state = statementState(job);
  const ended = state === 'available' || state === 'cancelled';
  const isLong = typeof params !== 'string';
  const head = JSON.stringify({
    id: number,
    ...(!isLong && { code: (JSON.parse(params) as { code: string }).code }),
    state,
    progress: ended ? 1 : (progress ?? 0),
    started: job.startedAt ?? 0,
    completed: job.endedAt ?? 0,
  });
  const code = isLong ? [',"code":', codeIn(params)] : [];
  return [head.slice(0, -1), ...code, ',"output":', ended ? (output ?? outputOf(number, job)) : 'null', '}'];
}

/** Returns a statement without long texts as one string. */
export const fromStatement = (statement: LivyStatement, progress: number | null): string =>
  joined(partsOfStatement(statement, progress)) ?? '';

/** Returns the output of a statement that ended without one: an error if it failed, else null. */
function outputOf(number: number, job: Job): string {
  if (job.state !== 'failed' || job.attempts === 0) return 'null';
  const evalue = failureReason(job) ?? 'It failed.';
  return JSON.stringify({ status: 'error', execution_count: number, ename: 'Error', evalue, traceback: [] });
}

/** Returns a list of statements. Concatenates them, because `join` would copy all of them once more. */
export function fromStatements(total: number, [first = '', ...others]: readonly string[]): string {
  const all = others.reduce((before, each) => `${before},${each}`, first);
  return `{"total_statements":${total},"statements":[${all}]}`;
}

/** Like {@link fromStatements}, for statements that are read one by one. */
export async function* bytesOfStatements(
  total: number,
  statements: AsyncIterable<TextParts>,
): AsyncGenerator<Buffer> {
  let before = `{"total_statements":${total},"statements":[`;
  for await (const parts of statements) {
    yield* bytesOfAll([before, ...parts]);
    before = ',';
  }
  yield Buffer.from(before === ',' ? ']}' : `${before}]}`);
}

const batchStates = {
  queued: 'starting',
  running: 'running',
  completed: 'success',
  failed: 'dead',
  cancelled: 'killed',
} as const satisfies Record<Job['state'], LivyState>;

export const batchState = ({ state, stop }: Job): LivyState =>
  state === 'running' && stop !== null ? 'shutting_down' : batchStates[state];

export const fromBatch = ({ number, name, run }: LivyBatch, log: readonly string[]) => ({
  id: number,
  name,
  owner: run.user,
  proxyUser: null,
  state: batchState(run),
  appId: null,
  appInfo: { driverLogUrl: null, sparkUiUrl: null, executorLogUrls: null },
  log,
});

/** Returns the log with Livy's two headings, by which its own page separates stdout and stderr. */
export const logLines = ({ stdout, stderr }: ProcessLog): string[] => [
  'stdout: ',
  ...stdout,
  '\nstderr: ',
  ...stderr,
];

/** Returns a page of the log. A negative `from` means the last `size` lines, a negative size all lines. */
export function fromLog(id: number, lines: readonly string[], from: number, size: number) {
  const count = size < 0 ? lines.length : size;
  const first = from < 0 ? Math.max(0, lines.length - count) : Math.min(from, lines.length);
  return { id, from: first, total: lines.length, log: lines.slice(first, first + count) };
}

import type { Job } from '../../kernel/job/job.js';
import type { Session } from '../../kernel/session/session.js';
import type { LivyBatch, LivySession, LivyStatement } from './storage/ports.js';
import { bytesOfAll, codeIn, joined, type Parts } from '../../scheduler/long-text.js';
import type { ProcessLog } from '../../scheduler/ports.js';
import { failureReason } from './endings.js';
import type { Kind } from './kinds.js';

/** The closed set of names that Livy's clients know; they fail at any other (dialect, session states). */
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

/** What a session's own process adds to what is stored. */
export interface Living {
  readonly lives: boolean;
  readonly about: { readonly appId: string | null; readonly uiUrl: string | null } | null;
  readonly log: readonly string[];
}

/** `lives`: its process is still there. The first job of a session starts its interpreter. */
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

/** A session: all keys always, and none besides, because Livy's Java client fails at an unknown one. */
export function fromSession({ number, name, asked, session }: LivySession, { lives, about, log }: Living) {
  return {
    id: number,
    name,
    appId: about?.appId ?? null,
    owner: session.user,
    proxyUser: null,
    state: stateOf(session, lives),
    kind: asked['kind'] as Kind,
    appInfo: { driverLogUrl: null, sparkUiUrl: about?.uiUrl ?? null, executorLogUrls: null },
    log,
    ttl: asked['ttl'] ?? null,
    idleTimeout: asked['idleTimeout'] ?? null,
    driverMemory: asked['driverMemory'] ?? null,
    driverCores: asked['driverCores'] ?? 0,
    executorMemory: asked['executorMemory'] ?? null,
    executorCores: asked['executorCores'] ?? 0,
    conf: asked['conf'] ?? {},
    archives: texts(asked['archives']),
    files: texts(asked['files']),
    heartbeatTimeoutInSecond: asked['heartbeatTimeoutInSecond'] ?? 0,
    jars: texts(asked['jars']),
    numExecutors: asked['numExecutors'] ?? 0,
    pyFiles: texts(asked['pyFiles']),
    queue: asked['queue'] ?? null,
  };
}

export type StatementState = 'waiting' | 'running' | 'available' | 'cancelling' | 'cancelled';

/** A failed statement is `available` with an error as its output; one that its closed session never ran is cancelled. */
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
 * A statement as JSON text. Its output goes in as its process wrote it: a number of more digits than a double has would be
 * another one after it was parsed here, and an output may be large. `progress` is what its process last said; 1 once it is
 * over, whatever that was.
 */
export function partsOfStatement(
  { number, job, params, output }: LivyStatement,
  progress: number | null,
): Parts {
  const state = statementState(job);
  const over = state === 'available' || state === 'cancelled';
  const isLong = typeof params !== 'string';
  const shown = JSON.stringify({
    id: number,
    ...(!isLong && { code: (JSON.parse(params) as { code: string }).code }),
    state,
    progress: over ? 1 : (progress ?? 0),
    started: job.startedAt ?? 0,
    completed: job.endedAt ?? 0,
  });
  const code = isLong ? [',"code":', codeIn(params)] : [];
  return [shown.slice(0, -1), ...code, ',"output":', over ? (output ?? outputOf(number, job)) : 'null', '}'];
}

/** A statement that has no long text. */
export const fromStatement = (statement: LivyStatement, progress: number | null): string =>
  joined(partsOfStatement(statement, progress)) ?? '';

/** The output of what ended without one. */
function outputOf(number: number, job: Job): string {
  if (job.state !== 'failed' || job.attempts === 0) return 'null';
  const evalue = failureReason(job) ?? 'It failed.';
  return JSON.stringify({ status: 'error', execution_count: number, ename: 'Error', evalue, traceback: [] });
}

/** One to the other, and not by `join`: that would copy them all once more than sending them does. */
export function fromStatements(total: number, [first = '', ...others]: readonly string[]): string {
  const all = others.reduce((before, each) => `${before},${each}`, first);
  return `{"total_statements":${total},"statements":[${all}]}`;
}

/** The same, of statements that are read one after the other. */
export async function* bytesOfStatements(
  total: number,
  statements: AsyncIterable<Parts>,
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

/** The lines of a process between Livy's two marks, by which its own page tells them apart. */
export const logLines = ({ stdout, stderr }: ProcessLog): string[] => [
  'stdout: ',
  ...stdout,
  '\nstderr: ',
  ...stderr,
];

/** A page of the log. Without `from` the last `size` lines; a negative size means all. */
export function fromLog(id: number, lines: readonly string[], from: number, size: number) {
  const many = size < 0 ? lines.length : size;
  const first = from < 0 ? Math.max(0, lines.length - many) : Math.min(from, lines.length);
  return { id, from: first, total: lines.length, log: lines.slice(first, first + many) };
}

import type { Snapshot } from '../../src/kernel/choice/snapshot.js';
import type { BackendStatus } from '../../src/kernel/backend/backend.js';
import { defaultMaxAttempts, type Job } from '../../src/kernel/job/job.js';
import { openSession, type Session, type SessionLimits } from '../../src/kernel/session/session.js';
import type { SessionMode, SessionState } from '../../src/kernel/session/session.js';
import { seconds, type Millis } from '../../src/kernel/time.js';

/** The start time of the tests. */
export const t0: Millis = 1_800_000_000_000;

/** Returns the time that many seconds after the start. */
export const after = (s: number): Millis => t0 + seconds(s);

export const givenLimits: SessionLimits = {
  interactiveTtl: seconds(60),
  activeTtl: seconds(300),
  maxTtl: seconds(1000),
  unusedTtl: seconds(100),
  onIdle: 'deactivate',
};

export type GivenSession = Partial<Omit<Session, 'limits'>> & { readonly limits?: Partial<SessionLimits> };

/** Makes a session at {@link t0} that is consistent with its state and its jobs; the test may override any property. */
export function givenSession({ limits, ...overrides }: GivenSession = {}): Session {
  const { state = 'open', mode = 'dedicated', queuedJobs = 0, runningJobs = 0 } = overrides;
  const about = { id: 's1', backend: 'b1', instance: 'lab-a', user: 'alice', mode };
  const began = state === 'active' || state === 'inactive';
  const idle = (state === 'open' || state === 'active') && queuedJobs + runningJobs === 0;
  const holds = mode === 'dedicated' && (state === 'active' || (state === 'closed' && runningJobs > 0));
  return {
    ...openSession({ ...about, limits: { ...givenLimits, ...limits } }, t0),
    ...(began && { startedAt: t0, activatedAt: t0, activation: 1 }),
    ...(state === 'closed' && {
      acceptingJobs: false,
      closedAt: t0,
      stateReason: 'closed by user alice',
      closeCode: 'closed_by_user' as const,
    }),
    ...(holds && { slot: 0, heldSince: t0 }),
    headSeq: queuedJobs > 0 ? 1 : null,
    idleSince: idle ? t0 : null,
    activeSince: state === 'active' && runningJobs > 0 ? t0 : null,
    runningStarts: runningJobs * t0,
    ...overrides,
  };
}

/** Makes a job at {@link t0}: a lone job that needs a runner. If it runs, it is in its first attempt, on slot 0. */
export function givenJob(overrides: Partial<Job> = {}): Job {
  const runs = overrides.state === 'running';
  return {
    id: 'j1',
    seq: 1,
    backend: 'b1',
    instance: 'lab-a',
    user: 'alice',
    chargedTo: 'alice',
    session: null,
    mode: 'job',
    program: 'sampler',
    state: 'queued',
    reason: null,
    endCode: null,
    reasonCode: null,
    createdAt: t0,
    startedAt: runs ? t0 : null,
    endedAt: null,
    maxExecutionTime: seconds(100),
    script: null,
    attempts: runs ? 1 : 0,
    maxAttempts: defaultMaxAttempts,
    token: runs ? 'attempt-1' : null,
    slot: runs ? 0 : null,
    stop: null,
    used: 0,
    ...overrides,
  };
}

export interface GivenBackend {
  readonly status?: BackendStatus;
  readonly lanes?: number;
  /** Defaults to one empty slot. */
  readonly slots?: readonly { running?: number; holder?: string; reservedFor?: string }[];
  /** Sessions by id; active batches in order of activation. `queue`: submission numbers. */
  readonly sessions?: Readonly<
    Record<string, { mode: SessionMode; state?: SessionState; instance?: string; queue?: readonly number[] }>
  >;
  /** Lone jobs: submission numbers by instance. */
  readonly alone?: Readonly<Record<string, readonly number[]>>;
  /** Instances that have charges or more than one share. */
  readonly instances?: Readonly<Record<string, { charged?: number; shares?: number; blocked?: boolean }>>;
}

const queued = (seq: number) => ({ id: `j${seq}`, seq });

/** Makes the snapshot of one backend for the choice. The id of the job with submission number 7 is j7. */
export function givenSnapshot(given: GivenBackend): Snapshot {
  const { status = 'online', lanes = 1, slots = [{}], sessions = {}, alone = {}, instances = {} } = given;
  const known = Object.entries(sessions).map(
    ([id, { mode, state = 'open', instance = 'lab-a', queue = [] }]) => {
      return { id, mode, state, instance, queue: queue.map(queued) };
    },
  );
  const waiting = known.filter(
    ({ state, queue }) => state !== 'active' && state !== 'closed' && queue.length > 0,
  );
  const ids = [...new Set([...Object.keys(alone), ...waiting.map(({ instance }) => instance)])].sort();
  return {
    backend: { name: 'b1', status, lanes },
    slots: slots.map(({ running = 0, holder = null, reservedFor = null }, index) => {
      return { index, running, holder, reservedFor };
    }),
    sessions: new Map(known.map(({ id, mode, state, queue }) => [id, { id, mode, state, queue }])),
    batches: known
      .filter(({ mode, state, queue }) => mode === 'batch' && state === 'active' && queue.length > 0)
      .map(({ id }) => id),
    instances: ids.map((id) => ({
      id,
      charged: instances[id]?.charged ?? 0,
      shares: instances[id]?.shares ?? 1,
      blocked: instances[id]?.blocked ?? false,
      waiting: [
        ...(alone[id] ?? []).map((seq) => ({ seq, entry: { job: queued(seq) } })),
        ...waiting
          .filter(({ instance }) => instance === id)
          .map(({ id: session, queue }) => ({
            seq: queue[0]?.seq ?? 0,
            entry: { session, seq: queue[0]?.seq ?? 0 },
          })),
      ]
        .sort((a, b) => a.seq - b.seq)
        .map(({ entry }) => entry),
    })),
  };
}

import { roles, sharings } from '../kernel/access/access.js';
import { backendStatuses, type Backend, type BackendLimits } from '../kernel/backend/backend.js';
import { endCodes, jobStates, type Script, type Stop } from '../kernel/job/job.js';
import { deadlineRank, type DeadlineKind } from '../kernel/session/session.deadline.js';
import {
  closeCodes,
  sessionModes,
  sessionStates,
  type Session,
  type SessionLimits,
} from '../kernel/session/session.js';
import type { Instance, JobDetails } from '../scheduler/ports.js';
import {
  anyObject,
  flag,
  jsonColumn,
  listOf,
  mapOf,
  optionalMember,
  member,
  number,
  objectOf,
  oneOf,
  orNull,
  text,
  whole,
  wordColumn,
} from '../scheduler/codec.js';

/**
 * The forms of values in JSON columns and in columns of words, for every store. A released form never changes its
 * meaning: a new member is optional, or a migration writes it.
 */

const limits = objectOf<SessionLimits>({
  interactiveTtl: member('interactiveTtl', whole),
  activeTtl: member('activeTtl', whole),
  maxTtl: member('maxTtl', whole),
  unusedTtl: member('unusedTtl', whole),
  onIdle: member('onIdle', oneOf('deactivate', 'close')),
  heartbeatTtl: optionalMember('heartbeatTtl', whole),
  busyIsIdle: optionalMember('busyIsIdle', flag),
});

const timestamp = objectOf<Session['timestamps'][number]>({
  status: member('status', oneOf(...sessionStates)),
  at: member('at', whole),
});

const script = objectOf<Script>({
  duration: member('duration', whole),
  outcome: member('outcome', oneOf('completed', 'failed')),
});

const stop = objectOf<Stop>({
  at: member('at', whole),
  reason: member('reason', text),
  endCode: member('endCode', orNull(oneOf(...endCodes))),
});

const details = objectOf<JobDetails>({
  tags: member('tags', listOf(text)),
  logLevel: member('logLevel', text),
  private: member('private', flag),
  calibrationId: member('calibrationId', orNull(text)),
  runtime: member('runtime', orNull(text)),
  cost: member('cost', orNull(number)),
  ranWith: optionalMember('ranWith', mapOf(text)),
});

const backendLimits = objectOf<BackendLimits>({
  maxTtl: member('maxTtl', whole),
  activeTtl: member('activeTtl', whole),
  interactiveTtl: member(
    'interactiveTtl',
    objectOf<BackendLimits['interactiveTtl']>({
      dedicated: member('dedicated', whole),
      batch: member('batch', whole),
    }),
  ),
  unusedTtl: member('unusedTtl', whole),
  maxExecutionTime: member('maxExecutionTime', whole),
});

const plan = objectOf<Instance['plan']>({
  interactiveTtl: optionalMember('interactiveTtl', whole),
  activeTtl: optionalMember('activeTtl', whole),
  maxTtl: optionalMember('maxTtl', whole),
  heartbeatTtl: optionalMember('heartbeatTtl', whole),
  modes: optionalMember('modes', listOf(oneOf(...sessionModes))),
  maxExecutionTime: optionalMember('maxExecutionTime', whole),
  maxPendingJobs: optionalMember('maxPendingJobs', whole),
});

export const storedForms = {
  session: {
    limits: jsonColumn('sessions.limits', limits),
    timestamps: jsonColumn('sessions.timestamps', listOf(timestamp)),
    state: wordColumn('sessions.state', sessionStates),
    mode: wordColumn('sessions.mode', sessionModes),
    closeCode: wordColumn('sessions.close_code', closeCodes),
  },
  job: {
    script: jsonColumn('jobs.script', script),
    stop: jsonColumn('jobs.stop', stop),
    details: jsonColumn('jobs.details', details),
    state: wordColumn('jobs.state', jobStates),
    mode: wordColumn('jobs.mode', ['job', ...sessionModes]),
    endCode: wordColumn('jobs.end_code', endCodes),
  },
  backend: {
    limits: jsonColumn('backends.limits', backendLimits),
    options: jsonColumn<Backend['options']>('backends.options', anyObject),
    status: wordColumn('backends.status', backendStatuses),
    statusBy: wordColumn('backends.status_by', ['operator', 'service']),
    onIdle: wordColumn('backends.on_idle', ['deactivate', 'close']),
  },
  instance: {
    plan: jsonColumn('instances.plan', plan),
    sharing: wordColumn('instances.sharing', sharings),
  },
  token: { role: wordColumn('tokens.role', roles) },
  ledger: { kind: wordColumn('ledger.kind', ['hold', 'job']) },
};

const kinds: ReadonlySet<string> = new Set(Object.keys(deadlineRank));
/** Returns null for a kind that this version does not know, and if none is stored. */
export const deadlineKindOf = (stored: string | null): DeadlineKind | null =>
  stored !== null && kinds.has(stored) ? (stored as DeadlineKind) : null;

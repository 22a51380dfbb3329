import { isFinal, type Job, type JobState } from '../../src/kernel/job/job.js';
import type { Session, SessionState } from '../../src/kernel/session/session.js';
import type { Millis } from '../../src/kernel/time.js';
import { checkChoice } from './choice-law.js';
import type { Change } from './observed-store.js';
import type { Report } from './report.js';
import type { Shadow } from './shadow.js';
import { StartLaws } from './start-laws.js';
import { checkUnit, type Touched } from './unit-laws.js';

export interface Broken {
  readonly law: string;
  readonly what: string;
}

/** Written independently from the text of the rules, not derived from the machines. */
const sessionMay: Record<SessionState, readonly SessionState[]> = {
  open: ['active', 'closed'],
  active: ['inactive', 'closed'],
  inactive: ['active', 'closed'],
  closed: [],
};
const jobMay: Record<JobState, readonly JobState[]> = {
  queued: ['running', 'cancelled', 'failed'],
  running: ['running', 'queued', 'completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
};

/** Checks every committed change before it is added to the shadow, and the whole state after each transaction. */
export class Laws {
  readonly broken: Broken[] = [];
  private readonly starts: StartLaws;

  constructor(
    private readonly shadow: Shadow,
    private readonly window: Millis,
  ) {
    this.starts = new StartLaws(shadow, window, this.report);
  }

  readonly report: Report = (law, what) => {
    this.broken.push({ law, what });
  };

  unit(changes: readonly Change[]): void {
    const touched = { sessions: new Set<string>(), backends: new Set<string>(), loneJobs: new Set<string>() };
    for (const change of changes) {
      this.look(change, touched);
      this.shadow.apply(change);
    }
    this.starts.unitEnds();
    checkUnit(this.shadow, touched, this.report);
  }

  private look(change: Change, touched: Record<keyof Touched, Set<string>>): void {
    switch (change.of) {
      case 'session': {
        const { session } = change;
        touched.sessions.add(session.id);
        touched.backends.add(session.backend);
        this.session(this.shadow.sessions.get(session.id), session);
        return;
      }
      case 'job': {
        const { job } = change;
        if (job.session === null) touched.loneJobs.add(job.id);
        else touched.sessions.add(job.session);
        touched.backends.add(job.backend);
        this.job(this.shadow.jobs.get(job.id), job);
        return;
      }
      case 'removed': {
        const job = this.shadow.jobs.get(change.job);
        if (job === undefined || !isFinal(job.state))
          this.report('jobs end once', `${change.job} was removed`);
        return;
      }
      case 'reserved':
        touched.backends.add(change.backend);
        return this.starts.reserved(change);
      case 'counted':
        touched.backends.add(change.backend);
        return;
      case 'choice':
        touched.backends.add(change.backend);
        checkChoice(this.shadow, change, this.window, this.report);
        return this.starts.choice(change);
      case 'alive':
        if (change.at < this.shadow.aliveAt) this.report('time', 'the time of the service went back');
        return;
      case 'ledger':
        for (const { from, to, session, job, instance } of change.entries) {
          const last = this.shadow.entries.get(instance)?.at(-1);
          if (last !== undefined && last.to > to)
            this.report(
              'ledger',
              `an entry of ${session ?? job} ends ${last.to - to} ms before the one before it`,
            );
          if (to <= from) this.report('ledger', `an entry for ${session ?? job} from ${from} to ${to}`);
        }
        return;
      case 'queuedOf':
      case 'backend':
    }
  }

  private session(before: Session | undefined, after: Session): void {
    const { id, state } = after;
    if (before === undefined) {
      if (state !== 'open') this.report('session states', `${id} begins ${state}`);
      return;
    }
    const say = (what: string) => this.report('session states', `${id} ${what}`);
    if (state !== before.state && !sessionMay[before.state].includes(state))
      say(`went from ${before.state} to ${state}`);
    const [old, now] = [before.timestamps, after.timestamps];
    const added = now.slice(old.length);
    if (old.some(({ status, at }, i) => now[i]?.status !== status || now[i].at !== at))
      say('changed its past');
    if (state === before.state ? added.length > 0 : added.length !== 1 || added[0]?.status !== state)
      say(`is ${state} but noted ${added.map(({ status }) => status).join(', ')}`);
    const [last, previous] = [now.at(-1), now.at(-2)];
    if (last !== undefined && previous !== undefined && last.at < previous.at)
      this.report('time', `${id} was ${last.status} before it was ${previous.status}`);
    if (before.state === 'closed' && after.acceptingJobs) say('accepts jobs after it was closed');
    for (const field of ['startedAt', 'closedAt', 'createdAt'] as const)
      if (before[field] !== null && before[field] !== after[field]) say(`changed its ${field}`);
    for (const field of ['activatedAt', 'lastJobStarted', 'lastJobCompleted'] as const)
      if ((before[field] ?? 0) > (after[field] ?? 0)) this.report('time', `${field} of ${id} went back`);
    for (const field of ['used', 'activeSpent'] as const)
      if (after[field] < before[field]) this.report('usage', `${field} of ${id} shrank`);
    if (state !== before.state) this.cause(before, after);
  }

  /** Checks that the recorded end or idle start of a session is exact to the millisecond. */
  private cause(before: Session, { id, state, stateReason, timestamps, ...after }: Session): void {
    const at = timestamps.at(-1)?.at ?? 0;
    const { idleFrom } = this.shadow.of(id);
    const due = (clock: string, expected: Millis) => {
      if (at !== expected) this.report('deadlines', `${clock} of ${id} took effect ${at - expected} ms late`);
    };
    if (stateReason?.startsWith('max_ttl')) due('max_ttl', (before.startedAt ?? 0) + before.limits.maxTtl);
    else if (stateReason?.startsWith('active_ttl')) {
      if (after.activeSpent !== before.limits.activeTtl)
        this.report('deadlines', `active_ttl of ${id} expired after ${after.activeSpent} ms`);
    } else if (stateReason?.startsWith('interactive_ttl')) {
      if (before.queuedJobs + before.runningJobs > 0) this.report('deadlines', `${id} was not idle`);
      due('interactive_ttl', idleFrom + before.limits.interactiveTtl);
    } else if (stateReason?.startsWith('unused')) {
      if (before.state !== 'open') this.report('deadlines', `${id} was ${before.state}, not unused`);
      due('unused_ttl', idleFrom + before.limits.unusedTtl);
    } else if (state === 'inactive') this.report('deadlines', `${id} became inactive: ${stateReason}`);
  }

  private job(before: Job | undefined, after: Job): void {
    const { id, state } = after;
    if (before === undefined) {
      if (state !== 'queued') this.report('job states', `${id} begins ${state}`);
      if (this.shadow.removed.has(id)) this.report('jobs end once', `${id} was removed and exists again`);
      this.pending(after);
      return;
    }
    if (!jobMay[before.state].includes(state))
      this.report(
        isFinal(before.state) ? 'jobs end once' : 'job states',
        `${id}: ${before.state} to ${state}`,
      );
    if (after.attempts > after.maxAttempts || after.attempts > 3)
      this.report('attempts', `${id} began attempt ${after.attempts}`);
    if (isFinal(state)) this.ended(before, after);
    if (state === 'queued' && (after.used > 0 || after.slot !== null || after.token !== null))
      this.report('usage', `${id} was lost, waits again and keeps a lane or ${after.used} ms`);
    if (before.state === 'queued' && state === 'running') this.started(before, after);
  }

  /** Checks the plan's limit on queued jobs. A lost job that waits again does not count as submitted. */
  private pending({ id, instance }: Job): void {
    const most = this.shadow.mostPending.get(instance);
    if (most === undefined) return;
    const waiting = [...this.shadow.liveJobs].filter((other) => {
      const job = this.shadow.jobs.get(other);
      return job?.state === 'queued' && job.instance === instance;
    });
    if (waiting.length >= most)
      this.report('pending jobs', `${id} was queued beside ${waiting.length} others of ${instance}`);
  }

  private started(before: Job, after: Job): void {
    if (after.attempts !== before.attempts + 1)
      this.report('attempts', `${after.id} did not count its attempt`);
    if (after.token === null || this.shadow.tokens.has(after.token))
      this.report('fencing', `the token of ${after.id} is not new`);
    if (after.startedAt === null || after.startedAt < after.createdAt)
      this.report('time', `${after.id} started before it existed`);
    this.starts.started(before, after);
  }

  private ended(before: Job, { id, state, startedAt, endedAt, createdAt, used, ...after }: Job): void {
    if (endedAt === null || endedAt < (startedAt ?? createdAt))
      this.report('time', `${id} ended at ${endedAt}`);
    const ran = startedAt === null ? 0 : (endedAt ?? 0) - startedAt;
    if (used !== ran) this.report('usage', `${id} was ${state} after ${ran} ms and used ${used}`);
    if (state === 'completed' && before.state !== 'running') this.report('job states', `${id} never ran`);
    if (after.endCode === 'ran_too_long' && ran < after.maxExecutionTime)
      this.report('deadlines', `${id} was ended by its limit ${after.maxExecutionTime - ran} ms early`);
    if (before.script !== null && ran > after.maxExecutionTime)
      this.report('deadlines', `${id} ran ${ran - after.maxExecutionTime} ms beyond its limit`);
  }
}

import fc from 'fast-check';
import { endJob, loseJob, startJob } from '../../src/kernel/job/job.decide.js';
import type { Job } from '../../src/kernel/job/job.js';
import { decideSession, type SessionEvent } from '../../src/kernel/session/session.decide.js';
import { deadlineOf } from '../../src/kernel/session/session.deadline.js';
import type { Session, SessionMode } from '../../src/kernel/session/session.js';
import { seconds, type Millis } from '../../src/kernel/time.js';
import type { LedgerEntry } from '../../src/kernel/usage/usage.js';
import { givenJob, givenSession, t0 } from './given.js';

/** A possible next event, after a number of seconds. Impossible events are skipped. */
export interface Step {
  readonly wait: number;
  readonly what: 'submit' | 'start' | 'end' | 'lose' | 'withdraw' | 'drain' | 'resume' | 'close';
}

const often = ['submit', 'submit', 'start', 'start', 'start', 'end', 'end', 'lose', 'withdraw'] as const;

/** Waits that end just before, exactly at and just after the limits of `givenSession`. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    wait: fc.constantFrom(0, 0.001, 1, 10, 59.999, 60, 100, 300),
    what: fc.constantFrom<Step['what'][]>(...often, 'drain', 'resume', ...often, 'close'),
  }),
  { maxLength: 40 },
);
export const modes = fc.constantFrom<SessionMode[]>('dedicated', 'batch');

/**
 * Applies random events to a session and its jobs, as the scheduler does. Independently sums up, by the text of the
 * rules, the time during which a slot was held and the time during which a job was running.
 */
export class SessionWalk {
  session: Session;
  now: Millis = t0;
  readonly ledger: LedgerEntry[] = [];
  readonly jobs: Job[] = [];
  /** Every fired deadline, with the next deadline. */
  readonly fired: { readonly at: Millis; readonly next: Millis | null }[] = [];
  committed: Millis = 0;
  busy: Millis = 0;
  private seen: Millis = t0;

  constructor(mode: SessionMode) {
    this.session = givenSession({ mode });
  }

  go({ wait, what }: Step): void {
    this.now += seconds(wait);
    for (
      let due = deadlineOf(this.session);
      due !== null && due.at <= this.now;
      due = deadlineOf(this.session)
    ) {
      this.apply({ type: due.kind, at: due.at });
      this.fired.push({ at: due.at, next: deadlineOf(this.session)?.at ?? null });
      if (this.fired.length > 1000) throw new Error('The same deadline fires for ever.');
    }
    this.happen(what);
    this.observe(this.now);
  }

  in(state: Job['state']): Job[] {
    return this.jobs.filter((job) => job.state === state);
  }

  private happen(what: Step['what']): void {
    const at = this.now;
    const { state, mode, acceptingJobs } = this.session;
    const [queued] = this.in('queued');
    const [running] = this.in('running');
    if (what === 'submit' && acceptingJobs) {
      const seq = this.jobs.length + 1;
      this.jobs.push(givenJob({ id: `j${seq}`, seq, session: 's1', mode, createdAt: at }));
      this.apply({ type: 'jobSubmitted', at, seq });
    } else if (what === 'start' && queued !== undefined) {
      this.keep(startJob(queued, 0, `t${at}`, at));
      this.apply({
        type: 'jobStarted',
        at,
        slot: 0,
        headSeq: this.head(),
        activation: state === 'active' ? null : 1,
      });
    } else if (what === 'end' && running !== undefined) {
      const { job, ledger } = endJob(running, { type: 'completed' }, at);
      this.leave(running, job, ledger);
    } else if (what === 'lose' && running !== undefined) {
      const { job, ledger } = loseJob(running, at, 'exit code 9', state === 'closed');
      if (job.state !== 'queued') return this.leave(running, job, ledger);
      this.keep(job);
      this.apply({ type: 'jobRequeued', at, startedAt: running.startedAt ?? at, headSeq: this.head() ?? 0 });
    } else if (what === 'withdraw' && queued !== undefined) {
      this.keep({ ...queued, state: 'cancelled' });
      this.apply({ type: 'jobWithdrawn', at, headSeq: this.head() });
    } else if (what === 'drain' || (what === 'resume' && state !== 'closed')) {
      this.apply({ type: what, at });
    } else if (what === 'close') {
      this.apply({ type: 'close', at, code: 'closed_by_user', reason: 'closed by user alice' });
    }
  }

  private leave(before: Job, job: Job, ledger: readonly LedgerEntry[]): void {
    const { startedAt, used } = before;
    // The job still runs here, so the held time includes it.
    this.observe(this.now);
    this.keep(job);
    this.ledger.push(...ledger);
    this.apply({
      type: 'jobEnded',
      at: this.now,
      startedAt: startedAt ?? this.now,
      charged: job.used - used,
    });
  }

  private apply(event: SessionEvent): void {
    this.observe(event.at);
    const { session, ledger, failsQueuedJobs } = decideSession(this.session, event);
    this.session = session;
    this.ledger.push(...ledger);
    if (failsQueuedJobs) for (const job of this.in('queued')) this.keep({ ...job, state: 'failed' });
  }

  private observe(at: Millis): void {
    const { state, runningJobs } = this.session;
    const passed = at - this.seen;
    if (state === 'active' || runningJobs > 0) this.committed += passed;
    if (state === 'active' && runningJobs > 0) this.busy += passed;
    this.seen = at;
  }

  private keep(job: Job): void {
    this.jobs[job.seq - 1] = job;
  }

  private head(): number | null {
    return this.in('queued')[0]?.seq ?? null;
  }
}

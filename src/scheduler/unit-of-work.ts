import {
  allowNoAttemptAfter,
  endJob,
  loseJob,
  startJob,
  stopJob,
  closedWithSession,
  type JobDecision,
  type AttemptOutcome,
} from '../kernel/job/job.decide.js';
import { jobDeadlineOf, type Job, type Stop } from '../kernel/job/job.js';
import {
  decideSession,
  pauseHold,
  resumeHold,
  type SessionDecision,
  type SessionEvent,
} from '../kernel/session/session.decide.js';
import { Refusal } from '../kernel/refusal.js';
import { deadlineOf } from '../kernel/session/session.deadline.js';
import type { Session } from '../kernel/session/session.js';
import type { Millis } from '../kernel/time.js';
import type { Text } from './long-text.js';
import { PendingWork } from './pending-work.js';
import type { AdminEventType, EventType, Ids, JobDetails, Tx } from './ports.js';
import type { DeadlineMemory, ClientMemory, ProcessMemory } from './process-memory.ports.js';

/** An action outside the database, performed after the commit. It may be lost or repeated without harm. */
export type Effect =
  | { readonly type: 'start' | 'resume' | 'stop' | 'kill'; readonly job: string; readonly token: string }
  /** The session is closed, so its own process is no longer needed. */
  | { readonly type: 'release'; readonly session: string };

/**
 * One command's work inside its transaction. Every change of a session or a job is made here, so that the row, its
 * deadline, the ledger, the queue counters and the job's session change together or not at all.
 */
export class UnitOfWork {
  readonly effects: Effect[] = [];
  /** Called once the transaction is durable, before the effects. */
  readonly committed: (() => void)[] = [];
  /** Called when the transaction failed, or when it is unknown whether it did. */
  readonly failed: (() => void)[] = [];
  /** What must still be done before the transaction commits. */
  readonly pending: PendingWork;
  /** When the next deadline is due. */
  readonly deadlines: DeadlineMemory;
  /** When clients of sessions with a heartbeat were last seen; newer than what is stored. */
  readonly clientSeen: Pick<ClientMemory, 'get'>;
  /** The actor that the event log names for what follows. */
  actor = 'scheduler';
  /** Whether an event was logged. If so, followers of the event log are notified after the commit. */
  logged = false;

  constructor(
    readonly tx: Tx,
    readonly at: Millis,
    readonly ids: Ids,
    memory: Pick<ProcessMemory, 'deadlines' | 'clientSeen'>,
    /** How far back fair share and budgets look. */
    readonly fairShareWindow: Millis,
  ) {
    this.deadlines = memory.deadlines;
    this.clientSeen = memory.clientSeen;
    this.pending = new PendingWork(this.deadlines.deferred);
  }

  afterCommit(run: () => void): void {
    this.committed.push(run);
  }

  afterFailure(run: () => void): void {
    this.failed.push(run);
  }

  /** Has the next jobs of this backend chosen again before the transaction commits. */
  markForDispatch(backend: string): void {
    this.pending.addBackend(backend);
  }

  async saveBudgetDeadline(instance: string, dueAt: Millis | null): Promise<void> {
    await this.tx.instances.saveBudgetDeadline(instance, dueAt);
    if (dueAt !== null) this.deadlines.note(dueAt);
  }

  // Sessions

  async insertSession(session: Session, cause = 'opened'): Promise<void> {
    const due = deadlineOf(session);
    await this.tx.sessions.insert(session, due);
    await this.log('session.open', session, null, session.createdAt, cause);
    this.deadlines.note(due?.at);
  }

  async changeSession(session: Session, event: SessionEvent): Promise<Session> {
    return this.saveSession(session, decideSession(session, event));
  }

  async pauseHold(session: Session, at: Millis): Promise<Session> {
    return this.saveSession(session, pauseHold(session, at));
  }

  async resumeHold(session: Session): Promise<Session> {
    return this.saveSession(session, {
      session: resumeHold(session, this.at),
      ledger: [],
      failsQueuedJobs: false,
    });
  }

  /**
   * Corrects the stored deadline of a session if its clocks have none at `at`. Nothing else would change the row, so
   * the deadline would stay due forever.
   */
  async rearmDeadline(session: Session, at: Millis): Promise<void> {
    const due = deadlineOf(session);
    if (due !== null && due.at <= at) throw new Refusal('deadline_without_effect', { session: session.id });
    await this.tx.sessions.save(session, due);
    this.deadlines.note(due?.at);
  }

  private async saveSession(before: Session, decision: SessionDecision): Promise<Session> {
    const { session, ledger, failsQueuedJobs } = decision;
    if (session !== before) {
      const due = deadlineOf(session);
      await this.tx.sessions.save(session, due);
      this.deadlines.note(due?.at);
      await this.tx.ledger.append(ledger);
      if (session.heldSince !== before.heldSince) this.pending.addInstance(session.instance);
      if (session.state === 'closed' && before.state !== 'closed')
        this.effects.push({ type: 'release', session: session.id });
      await this.logSession(before, session);
    }
    if (failsQueuedJobs) {
      const how = closedWithSession(session.stateReason ?? 'closed');
      await this.tx.events.appendForQueuedOf(session.id, {
        ...this.eventOf('job.failed', session, session.closedAt ?? this.at, how.reason),
        session: session.id,
      });
      const count = await this.tx.jobs.endQueuedOf(session.id, how, session.closedAt ?? this.at);
      await this.tx.backends.countQueued(session.backend, -count);
    }
    this.markForDispatch(session.backend);
    return session;
  }

  // Jobs

  async insertJob(job: Omit<Job, 'seq'>, details: JobDetails, params: Text): Promise<Job> {
    const inserted = await this.tx.jobs.insert({ ...job, details }, params);
    await this.tx.backends.countQueued(job.backend, 1);
    await this.log('job.queued', job, job.id, this.at, 'submitted');
    await this.changeSessionOf(job, () => ({ type: 'jobSubmitted', at: this.at, seq: inserted.seq }));
    this.markForDispatch(job.backend);
    return inserted;
  }

  async startJob(id: string, slot: number): Promise<void> {
    const job = await this.job(id);
    const token = this.ids.uuid();
    const started = startJob(job, slot, token, this.at);
    await this.saveJob(job, started, this.at);
    await this.tx.backends.countQueued(job.backend, -1);
    await this.changeSessionOf(job, async ({ id: session, state }) => ({
      type: 'jobStarted',
      at: this.at,
      slot,
      headSeq: await this.tx.jobs.headOf(session),
      activation: state === 'active' ? null : await this.tx.sessions.nextActivation(),
    }));
    if (job.script === null) this.effects.push({ type: 'start', job: id, token });
  }

  async endJob(job: Job, outcome: AttemptOutcome, at: Millis): Promise<Job> {
    return this.finishAttempt(job, endJob(job, outcome, at), at);
  }

  /** Asks a running job to stop. A queued or a scripted job ends at once. */
  async stopJob(job: Job, stop: Stop): Promise<Job> {
    const decision = stopJob(job, stop);
    if (decision.job.state === 'running') {
      await this.saveJob(job, decision.job, stop.at);
      if (job.token !== null) this.effects.push({ type: 'stop', job: job.id, token: job.token });
      return decision.job;
    }
    if (job.state === 'running') return this.finishAttempt(job, decision, stop.at);
    await this.saveJob(job, decision.job, stop.at);
    await this.tx.backends.countQueued(job.backend, -1);
    await this.changeSessionOf(job, async ({ id: session }) => ({
      type: 'jobWithdrawn',
      at: stop.at,
      headSeq: await this.tx.jobs.headOf(session),
    }));
    this.markForDispatch(job.backend);
    return decision.job;
  }

  /** Makes the current attempt the last one: if its runner is lost, the job is not queued again. */
  async allowNoAttemptAfter(job: Job): Promise<void> {
    await this.saveJob(job, allowNoAttemptAfter(job), this.at);
  }

  /**
   * Ends an attempt whose runner ended without a report, and queues the job again if it has an attempt left. `why` is a
   * clause.
   */
  async loseJob(job: Job, at: Millis, why: string): Promise<Job> {
    const session = job.session === null ? null : await this.tx.sessions.find(job.session);
    const decision = loseJob(job, at, why, session?.state === 'closed');
    this.pending.addRefunded(job.instance);
    if (decision.job.state !== 'queued') return this.finishAttempt(job, decision, at);
    await this.saveJob(job, decision.job, at, `its runner was lost: ${why}`);
    await this.tx.backends.countQueued(job.backend, 1);
    await this.changeSessionOf(job, async (session) => ({
      type: 'jobRequeued',
      at,
      startedAt: job.startedAt ?? at,
      headSeq: (await this.tx.jobs.headOf(session.id)) ?? job.seq,
    }));
    this.markForDispatch(job.backend);
    return decision.job;
  }

  /** Continues an attempt whose process outlived the service: the process is sent again what it may have missed. */
  resumeJob({ id, token }: Job): void {
    if (token !== null) this.effects.push({ type: 'resume', job: id, token });
  }

  /** Ends the process of a runner that did not stop in time. Sets a deadline at `retryAt`, in case this fails. */
  async killJob(job: Job, retryAt: Millis): Promise<void> {
    if (job.token === null) return;
    await this.tx.jobs.save(job, { at: retryAt, kind: 'kill' });
    this.deadlines.note(retryAt);
    this.effects.push({ type: 'kill', job: job.id, token: job.token });
  }

  private async finishAttempt(before: Job, { job, ledger }: JobDecision, at: Millis): Promise<Job> {
    await this.saveJob(before, job, at);
    await this.tx.ledger.append(ledger);
    const charged = job.used - before.used;
    await this.changeSessionOf(job, () => ({
      type: 'jobEnded',
      at,
      startedAt: before.startedAt ?? at,
      charged,
    }));
    this.markForDispatch(job.backend);
    return job;
  }

  /** `requeued`: why the job is queued again; null if it is not. */
  private async saveJob(before: Job, job: Job, at: Millis, requeued: string | null = null): Promise<void> {
    const due = jobDeadlineOf(job);
    await this.tx.jobs.save(job, due);
    this.deadlines.note(due?.at);
    if (job.state !== before.state && job.mode !== 'dedicated') this.pending.addInstance(job.instance);
    if (job.state === 'queued') await this.log('job.requeued', job, job.id, at, requeued);
    else if (job.state !== before.state) await this.log(`job.${job.state}`, job, job.id, at, job.reason);
    else if (job.stop !== before.stop)
      await this.log('job.stopping', job, job.id, at, job.stop?.reason ?? null);
  }

  /**
   * Logs an operator's action. `of` names the backend or the instance that it concerns; without an instance it concerns
   * all.
   */
  async logAdminAction(
    type: AdminEventType,
    of: { readonly backend?: string; readonly instance?: string },
    cause: string | null,
  ): Promise<void> {
    const { backend = null, instance = null } = of;
    this.logged = true;
    const { at, actor } = this;
    await this.tx.events.append({
      ...{ type, at, processedAt: at, actor, cause, backend, instance, session: null, job: null },
    });
  }

  private async logSession(before: Session, session: Session): Promise<void> {
    const last = session.timestamps.at(-1);
    if (session.state !== before.state) {
      await this.log(`session.${session.state}`, session, null, last?.at ?? this.at, session.stateReason);
    } else if (session.acceptingJobs !== before.acceptingJobs) {
      const type = session.acceptingJobs ? 'session.resumed' : 'session.draining';
      await this.log(type, session, null, this.at, null);
    }
  }

  private async log(
    type: EventType,
    of: Pick<Session, 'id' | 'backend' | 'instance'> | Pick<Job, 'session' | 'backend' | 'instance'>,
    job: string | null,
    at: Millis,
    cause: string | null,
  ): Promise<void> {
    const session = 'session' in of ? of.session : of.id;
    await this.tx.events.append({ ...this.eventOf(type, of, at, cause), session, job });
  }

  private eventOf(type: EventType, of: Pick<Job, 'backend' | 'instance'>, at: Millis, cause: string | null) {
    this.logged = true;
    const { backend, instance } = of;
    return { type, at, processedAt: this.at, actor: this.actor, cause, backend, instance };
  }

  private async changeSessionOf(
    job: Pick<Job, 'session'>,
    event: (session: Session) => SessionEvent | Promise<SessionEvent>,
  ): Promise<void> {
    if (job.session === null) return;
    const session = await this.tx.sessions.find(job.session);
    if (session === null) throw new Error(`Session ${job.session} of a job does not exist.`);
    await this.changeSession(session, await event(session));
  }

  private async job(id: string): Promise<Job> {
    const job = await this.tx.jobs.find(id);
    if (job === null) throw new Error(`Job ${id} does not exist.`);
    return job;
  }
}

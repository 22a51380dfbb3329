import { Refusal } from '../kernel/refusal.js';
import type { Session } from '../kernel/session/session.js';
import type { Millis } from '../kernel/time.js';
import type { Drivers } from './drivers.ports.js';
import type { DueDeadline, Runners } from './ports.js';
import { applyDeadline, firstDueDeadline } from './apply-due-and-dispatch.js';
import type { UnitOfWork } from './unit-of-work.js';

/**
 * Settles what a crash left behind (semantics: service restart). The processes of running jobs ended with the service,
 * so their attempts end when it was last alive. Processes that outlived the service are sent their attempts again; a
 * session whose own process ended is closed as of the crash. Deadlines since then take effect at their due time. A
 * held slot is not charged for the outage if nothing ran on it while its session had jobs waiting. Returns the number
 * of lost attempts, and reports to `report` what could not be settled.
 */
export async function recover(
  unit: UnitOfWork,
  runners: Runners,
  drivers: Drivers,
  report: (problem: string) => void,
): Promise<number> {
  const survivors = runners.survivors();
  const aliveAt = Number((await unit.tx.facts.get('alive_at')) ?? unit.at);
  unit.actor = 'restart';
  const running = await unit.tx.jobs.runningOnRunners();
  const orphans = running.filter(({ id, session }) => !survivors.has(session ?? id));
  for (const job of orphans) {
    try {
      await unit.tx.inSavepoint(() =>
        unit.loseJob(job, Math.max(aliveAt, job.startedAt ?? aliveAt), 'the service ended'),
      );
    } catch (error) {
      // One invalid row must not block the others.
      if (!(error instanceof Refusal)) throw error;
      report(`The lost attempt of job ${job.id} cannot be settled and is left unchanged: ${error.message}`);
    }
  }
  for (const job of running) if (!orphans.includes(job)) unit.resumeJob(job);
  await closeWithoutProcess(unit, aliveAt, survivors, drivers);
  for (const id of survivors) {
    const session = await unit.tx.sessions.find(id);
    // No heartbeat could arrive while the service was down.
    if (session !== null) await unit.changeSession(session, { type: 'clientSeen', at: unit.at });
  }
  // Before the deadlines are applied, because one of them may close the session and end the hold.
  for (const session of await unit.tx.sessions.holding()) await pauseIfWaiting(unit, session, aliveAt);
  for (
    let due: DueDeadline | null = await firstDueDeadline(unit, null);
    due !== null;
    due = await firstDueDeadline(unit, due)
  ) {
    unit.actor = 'clock';
    await applyDeadline(unit, due);
    // Pause at once, because a scripted job may have ended with others queued behind it. Later deadlines count what
    // accrues, and the ledger's running totals need entries in the order in which they end.
    if (due.subject === 'job') await pauseAfter(unit, due.id, aliveAt);
  }
  unit.actor = 'restart';
  for (const session of await unit.tx.sessions.holding()) {
    if (session.state === 'active' && session.heldSince === null) await unit.resumeHold(session);
  }
  for (const id of survivors) {
    const session = await unit.tx.sessions.find(id);
    if (session?.state === 'closed') unit.effects.push({ type: 'release', session: id });
  }
  for (const backend of await unit.tx.backends.names()) unit.markForDispatch(backend);
  return orphans.length;
}

/** Closes sessions whose own process ended with the service: the process held their state. */
async function closeWithoutProcess(
  unit: UnitOfWork,
  aliveAt: Millis,
  survivors: ReadonlySet<string>,
  drivers: Drivers,
): Promise<void> {
  for (const session of await unit.tx.sessions.holding()) {
    if (session.state !== 'active' || survivors.has(session.id)) continue;
    const backend = await unit.tx.backends.find(session.backend);
    if (backend === null || drivers.find(backend.driver)?.perSession !== true) continue;
    const at = Math.max(aliveAt, session.activatedAt ?? aliveAt);
    await unit.changeSession(session, {
      type: 'close',
      at,
      code: 'runner_ended',
      reason: 'its interpreter ended while the service was down',
    });
  }
}

async function pauseAfter(unit: UnitOfWork, jobId: string, aliveAt: Millis): Promise<void> {
  const job = await unit.tx.jobs.find(jobId);
  if (job === null || job.session === null) return;
  const session = await unit.tx.sessions.find(job.session);
  if (session !== null) await pauseIfWaiting(unit, session, aliveAt);
}

async function pauseIfWaiting(unit: UnitOfWork, session: Session, aliveAt: Millis): Promise<void> {
  const waits = session.runningJobs === 0 && session.queuedJobs > 0;
  if (session.heldSince === null || !waits) return;
  const since = Math.max(aliveAt, session.lastJobCompleted ?? aliveAt, session.heldSince);
  if (since < unit.at) await unit.pauseHold(session, since);
}

import type { Session } from '../kernel/session/session.js';
import type { Millis } from '../kernel/time.js';
import { applyDue } from './settle.js';
import type { Unit } from './unit.js';

/**
 * Settles what a crash left behind (semantics: service restart). The processes of running jobs died with the service, so
 * their attempts ended when it was last alive. What fell due since then takes effect at its due time. A held slot on
 * which nothing ran while its session had jobs waiting was kept from them by our outage and is not charged for it.
 * Answers how many attempts were lost.
 */
export async function recover(unit: Unit, window: Millis): Promise<number> {
  const aliveAt = Number((await unit.tx.facts.get('alive_at')) ?? unit.at);
  unit.actor = 'restart';
  const orphans = await unit.tx.jobs.runningOnRunners();
  for (const job of orphans) await unit.loseJob(job, Math.max(aliveAt, job.startedAt ?? aliveAt));
  // Before the deadlines, because one of them may close the session and end the hold.
  for (const session of await unit.tx.sessions.holding()) await pauseIfWaiting(unit, session, aliveAt);
  for (let due = await unit.tx.firstDue(unit.at); due !== null; due = await unit.tx.firstDue(unit.at)) {
    unit.actor = 'clock';
    await applyDue(unit, due, window);
    // At once, because a scripted job may have ended with others behind it. What falls due later counts what accrues, and
    // the running totals of the ledger need its entries in the order in which they end.
    if (due.subject === 'job') await pauseAfter(unit, due.id, aliveAt);
  }
  unit.actor = 'restart';
  for (const session of await unit.tx.sessions.holding()) {
    if (session.state === 'active' && session.heldSince === null) await unit.resumeHold(session);
  }
  for (const backend of await unit.tx.backends.names()) unit.touch(backend);
  return orphans.length;
}

async function pauseAfter(unit: Unit, jobId: string, aliveAt: Millis): Promise<void> {
  const job = await unit.tx.jobs.find(jobId);
  if (job === null || job.session === null) return;
  const session = await unit.tx.sessions.find(job.session);
  if (session !== null) await pauseIfWaiting(unit, session, aliveAt);
}

async function pauseIfWaiting(unit: Unit, session: Session, aliveAt: Millis): Promise<void> {
  const waits = session.runningJobs === 0 && session.queuedJobs > 0;
  if (session.heldSince === null || !waits) return;
  const since = Math.max(aliveAt, session.lastJobCompleted ?? aliveAt, session.heldSince);
  if (since < unit.at) await unit.pauseHold(session, since);
}

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
  // Before each deadline, because it may close the session and end the hold; and so that charges are written in the order
  // of their ends, which the sum of a window relies on.
  await pauseWaiting(unit, aliveAt);
  for (let due = await unit.tx.firstDue(unit.at); due !== null; due = await unit.tx.firstDue(unit.at)) {
    await applyDue(unit, due, window);
    // A scripted job may have ended with others behind it.
    if (due.subject === 'job') await pauseWaiting(unit, aliveAt);
  }
  for (const session of await unit.tx.sessions.holding()) {
    if (session.state === 'active' && session.heldSince === null) await unit.resumeHold(session);
  }
  for (const backend of await unit.tx.backends.names()) unit.touch(backend);
  return orphans.length;
}

async function pauseWaiting(unit: Unit, aliveAt: Millis): Promise<void> {
  for (const session of await unit.tx.sessions.holding()) {
    if (session.heldSince === null) continue;
    const waits = session.runningJobs === 0 && session.queuedJobs > 0;
    if (!waits) continue;
    const since = Math.max(aliveAt, session.lastJobCompleted ?? aliveAt, session.heldSince);
    if (since < unit.at) await unit.pauseHold(session, since);
  }
}

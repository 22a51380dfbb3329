import { Refusal } from '../kernel/refusal.js';
import type { Session } from '../kernel/session/session.js';
import type { Millis } from '../kernel/time.js';
import type { Drivers } from './drivers.ports.js';
import type { Due, Runners } from './ports.js';
import { applyDue, nextDue } from './settle.js';
import type { Unit } from './unit.js';

/**
 * Settles what a crash left behind (semantics: service restart). The processes of running jobs died with the service, so
 * their attempts ended when it was last alive; those that outlived it are told again what they do, and a session whose own
 * process did not is closed as of then. What fell due since then takes effect at its due time. A held slot on
 * which nothing ran while its session had jobs waiting was kept from them by our outage and is not charged for it.
 * Answers how many attempts were lost, and tells `say` what could not be settled.
 */
export async function recover(
  unit: Unit,
  runners: Runners,
  drivers: Drivers,
  say: (problem: string) => void,
): Promise<number> {
  const survivors = runners.survivors();
  const aliveAt = Number((await unit.tx.facts.get('alive_at')) ?? unit.at);
  unit.actor = 'restart';
  const running = await unit.tx.jobs.runningOnRunners();
  const orphans = running.filter(({ id, session }) => !survivors.has(session ?? id));
  for (const job of orphans) {
    try {
      await unit.tx.separately(() =>
        unit.loseJob(job, Math.max(aliveAt, job.startedAt ?? aliveAt), 'the service ended'),
      );
    } catch (error) {
      // A row that is as it should not be must not keep all others waiting.
      if (!(error instanceof Refusal)) throw error;
      say(`The lost attempt of job ${job.id} cannot be settled and stays as it is: ${error.message}`);
    }
  }
  for (const job of running) if (!orphans.includes(job)) unit.resumeJob(job);
  await closeWithoutProcess(unit, aliveAt, survivors, drivers);
  for (const id of survivors) {
    const session = await unit.tx.sessions.find(id);
    // Nobody could be heard while the service was down.
    if (session !== null) await unit.changeSession(session, { type: 'heard', at: unit.at });
  }
  // Before the deadlines, because one of them may close the session and end the hold.
  for (const session of await unit.tx.sessions.holding()) await pauseIfWaiting(unit, session, aliveAt);
  for (let due: Due | null = await nextDue(unit, null); due !== null; due = await nextDue(unit, due)) {
    unit.actor = 'clock';
    await applyDue(unit, due);
    // At once, because a scripted job may have ended with others behind it. What falls due later counts what accrues, and
    // the running totals of the ledger need its entries in the order in which they end.
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
  for (const backend of await unit.tx.backends.names()) unit.touch(backend);
  return orphans.length;
}

/** The state of such a session was in its process: without that there is nothing to go on with. */
async function closeWithoutProcess(
  unit: Unit,
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

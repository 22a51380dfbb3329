import type { Millis } from '../../src/kernel/time.js';
import type { Shadow } from './shadow.js';

/** What an instance was charged in the window up to `at`, with what accrues: added up from the entries, one by one. */
export function chargedTo(shadow: Shadow, instance: string, at: Millis, window: Millis): Millis {
  const entries = shadow.entries.get(instance) ?? [];
  let sum = 0;
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const entry = entries[i];
    if (entry === undefined || entry.to <= at - window) break;
    sum += entry.to - entry.from;
  }
  for (const id of shadow.liveJobs) {
    const job = shadow.jobs.get(id);
    if (job?.state === 'running' && job.instance === instance && job.mode !== 'dedicated')
      sum += at - (job.startedAt ?? at);
  }
  for (const id of shadow.liveSessions) {
    const session = shadow.sessions.get(id);
    if (session?.instance === instance && session.heldSince !== null) sum += at - session.heldSince;
  }
  return sum;
}

/** Whether its budget is used up: its sessions are closed and what waits alone goes on waiting. */
export function isBlocked(shadow: Shadow, instance: string, at: Millis, window: Millis): boolean {
  const budget = shadow.budgets.get(instance);
  return budget !== undefined && chargedTo(shadow, instance, at, window) >= budget;
}

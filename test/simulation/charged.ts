import type { Millis } from '../../src/kernel/time.js';
import type { Shadow } from './shadow.js';

/** Returns the charge of an instance in the fair-share window up to `at`: the sum of its entries and what accrues. */
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

/** Returns whether an instance has used up its budget. Then its sessions are closed, and its lone jobs keep waiting. */
export function isBlocked(shadow: Shadow, instance: string, at: Millis, window: Millis): boolean {
  const budget = shadow.budgets.get(instance);
  return budget !== undefined && chargedTo(shadow, instance, at, window) >= budget;
}

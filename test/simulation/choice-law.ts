import { chooseJobs } from '../../src/kernel/choice/choose-jobs.js';
import { snapshotOf, type WholeBackend } from '../../src/kernel/choice/whole-backend.js';
import type { Job } from '../../src/kernel/job/job.js';
import type { Session } from '../../src/kernel/session/session.js';
import type { Millis } from '../../src/kernel/time.js';
import { accruingOf, chargedIn, type Charges } from '../../src/kernel/usage/charged.js';
import type { LedgerEntry } from '../../src/kernel/usage/usage.js';
import type { Change } from './observed-store.js';
import type { Report } from './report.js';
import type { Shadow } from './shadow.js';

/** The choice made of the heads of the queues, as SQL reads them, is the choice made of the whole queues. */
export function checkChoice(
  shadow: Shadow,
  { backend, at, snapshot }: Extract<Change, { of: 'choice' }>,
  fairShareWindow: Millis,
  report: Report,
): void {
  if (snapshot === null) return report('queries', `there is no snapshot of ${backend}`);
  const whole = snapshotOf(wholeBackend(shadow, backend, at, fairShareWindow));
  compare(report, `the choice of ${backend}`, chooseJobs(snapshot), chooseJobs(whole));
  compare(report, `slots of ${backend}`, snapshot.slots, whole.slots);
}

/** All rows of a backend that can matter. */
export function wholeBackend(
  shadow: Shadow,
  name: string,
  at: Millis,
  fairShareWindow: Millis,
): WholeBackend {
  const place = shadow.place(name);
  const [jobs, sessions] = [liveJobs(shadow), liveSessions(shadow)];
  return {
    at,
    backend: place.backend,
    jobs: jobs.filter(({ backend }) => backend === name),
    sessions: sessions.filter(({ backend }) => backend === name),
    reservations: place.reserved,
    instances: [...shadow.shares].map(([id, shares]) => {
      const isOwn = ({ instance }: { readonly instance: string }) => instance === id;
      const charges = {
        entries: latestEntries(shadow, id, at - fairShareWindow - 1),
        jobs: jobs.filter(isOwn),
        sessions: sessions.filter(isOwn),
      };
      return {
        ...{ id, name: id, shares, budget: shadow.budgets.get(id) ?? null },
        charged: chargedIn(charges, at - fairShareWindow, at),
        rate: accruingOf(charges).count,
      };
    }),
  };
}

/** Returns at least the entries that end after `from`, without reading the whole ledger. */
function latestEntries(shadow: Shadow, instance: string, from: Millis): readonly LedgerEntry[] {
  const entries = shadow.entries.get(instance) ?? [];
  return entries.slice(entries.findLastIndex(({ to }) => to <= from) + 1);
}

export const chargesOf = (shadow: Shadow, id: string): Charges => ({
  entries: shadow.entries.get(id) ?? [],
  jobs: liveJobs(shadow).filter(({ instance }) => instance === id),
  sessions: liveSessions(shadow).filter(({ instance }) => instance === id),
});

export const liveJobs = (shadow: Shadow): Job[] =>
  [...shadow.liveJobs].flatMap((id) => shadow.jobs.get(id) ?? []).sort((a, b) => a.seq - b.seq);

export const liveSessions = (shadow: Shadow): Session[] =>
  [...shadow.liveSessions].flatMap((id) => shadow.sessions.get(id) ?? []);

export const show = (value: unknown): string => JSON.stringify(value);

/** Compares values and members, but not prototypes: under jest rows of SQLite have other ones than objects of a test. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), b as Record<string, unknown>];
  return (
    left.length === Object.keys(right).length &&
    left.every(([name, value]) => Object.hasOwn(right, name) && isSame(value, right[name]))
  );
}

export function compare(report: Report, what: string, found: unknown, expected: unknown): void {
  if (!isSame(found, expected))
    report('queries', `${what}: SQL returns ${show(found)}, the kernel ${show(expected)}`);
}

import type { Session } from '../../src/kernel/session/session.js';
import type { LedgerEntry } from '../../src/kernel/usage/usage.js';
import type { Report } from './report.js';
import type { Shadow } from './shadow.js';

export interface Touched {
  readonly sessions: ReadonlySet<string>;
  readonly loneJobs: ReadonlySet<string>;
  readonly backends: ReadonlySet<string>;
}

/** Laws on all rows that a transaction changed, checked after the transaction. */
export function checkUnit(shadow: Shadow, touched: Touched, report: Report): void {
  for (const id of touched.sessions) {
    const session = shadow.sessions.get(id);
    if (session !== undefined) checkSession(shadow, session, report);
  }
  for (const id of touched.loneJobs) {
    const job = shadow.jobs.get(id);
    // The job was deleted, but its charge remains.
    if (job === undefined) continue;
    const { used } = job;
    const charged = shadow.chargedJobs.get(id) ?? 0;
    if (charged !== used) report('ledger', `${id} used ${used} ms and was charged ${charged}`);
  }
  for (const name of touched.backends) checkBackend(shadow, name, report);
}

function checkSession(shadow: Shadow, session: Session, report: Report): void {
  const { id, state, mode } = session;
  const { queued, running, charged, used } = shadow.of(id);
  const say = (law: string, what: string) => report(law, `${id} (${mode}, ${state}) ${what}`);
  if (session.queuedJobs !== queued.length)
    say('counters', `counts ${session.queuedJobs} of ${queued.length} queued`);
  if (session.runningJobs !== running.size)
    say('counters', `counts ${session.runningJobs} of ${running.size} running`);
  if (session.headSeq !== (queued[0]?.seq ?? null)) say('counters', `has its head at ${session.headSeq}`);
  const starts = [...running.values()].reduce((sum, { startedAt }) => sum + (startedAt ?? 0), 0);
  if (session.runningStarts !== starts) say('counters', 'has a wrong sum of running starts');
  if (state === 'closed' && (queued.length > 0 || session.acceptingJobs))
    say('closed starts nothing', 'accepts jobs');
  if (state === 'inactive' && running.size > 0) say('session states', 'has a job running');
  if (state === 'open' && running.size > 0) say('session states', 'has a job running');
  if (!session.acceptingJobs && state !== 'closed' && queued.length + running.size === 0)
    say('session states', 'is drained and not closed');
  if ((session.activeSince !== null) !== (state === 'active' && running.size > 0))
    say('usage', 'has a wrong active clock');
  if (session.activeSpent > session.limits.activeTtl)
    say('deadlines', `was active for ${session.activeSpent} ms`);

  const holds = mode === 'dedicated' && (state === 'active' || (state === 'closed' && running.size > 0));
  if (holds !== (session.slot !== null))
    say('one hold', holds ? 'holds no slot' : `holds slot ${session.slot}`);
  for (const job of running.values())
    if (mode === 'dedicated' && job.slot !== session.slot)
      say('exclusive', `runs ${job.id} on slot ${job.slot}`);
  if (charged !== session.used) say('ledger', `used ${session.used} ms and was charged ${charged}`);
  if (mode === 'batch' && used !== session.used) say('ledger', `used ${session.used} ms, its jobs ${used}`);
}

function checkBackend(shadow: Shadow, name: string, report: Report): void {
  const place = shadow.place(name);
  let queued = place.alone.length;
  const holders = new Map<number, string>();
  for (const id of place.sessions) {
    queued += shadow.of(id).queued.length;
    const slot = shadow.sessions.get(id)?.slot ?? null;
    if (slot === null) continue;
    if (holders.has(slot)) report('one hold', `${id} and ${holders.get(slot)} hold slot ${slot} of ${name}`);
    holders.set(slot, id);
  }
  if (place.counted !== queued) report('counters', `${name} counts ${place.counted} of ${queued} queued`);
  for (const [slot, running] of place.running) {
    const holder = holders.get(slot);
    for (const id of running) {
      const job = shadow.jobs.get(id);
      if (holder !== undefined && job?.session !== holder)
        report('exclusive', `${id} runs on slot ${slot} of ${name}, which ${holder} holds`);
    }
  }
  for (const [slot, holds] of place.holds) {
    const last = holds.at(-1);
    if (last === undefined) continue;
    if (overlaps(holds.at(-2), last)) report('one hold', `two holds of slot ${slot} of ${name} overlap`);
    noForeignJob(last, place.lanes.get(slot) ?? [], report);
  }
  for (const [slot, lanes] of place.lanes) {
    const last = lanes.at(-1);
    if (last !== undefined) noHoldOver(last, place.holds.get(slot) ?? [], report);
  }
}

const overlaps = (a: LedgerEntry | undefined, b: LedgerEntry): boolean =>
  a !== undefined && a.from < b.to && b.from < a.to;

/** Reports jobs charged inside a hold. Starts at the end, because a slot's entries are in the order of their ends. */
function noForeignJob(hold: LedgerEntry, jobs: readonly LedgerEntry[], report: Report): void {
  for (let i = jobs.length - 1; i >= 0; i -= 1) {
    const job = jobs[i];
    if (job === undefined || job.to <= hold.from) return;
    if (overlaps(job, hold)) report('exclusive', `${job.job} was charged inside a hold of ${hold.session}`);
  }
}

function noHoldOver(job: LedgerEntry, holds: readonly LedgerEntry[], report: Report): void {
  for (let i = holds.length - 1; i >= 0; i -= 1) {
    const hold = holds[i];
    if (hold === undefined || hold.to <= job.from) return;
    if (overlaps(job, hold)) report('exclusive', `${job.job} was charged inside a hold of ${hold.session}`);
  }
}

import type { Job } from '../../src/kernel/job/job.js';
import type { Session } from '../../src/kernel/session/session.js';
import type { Millis } from '../../src/kernel/time.js';
import { isBlocked } from './charged.js';
import type { Report } from './report.js';
import type { Shadow } from './shadow.js';
import type { World } from './world.js';

/** Laws that hold whenever the service has nothing left to do at `now`. */
export function checkQuiet(
  { shadow, service: { runners } }: Pick<World, 'shadow' | 'service'>,
  now: Millis,
  window: Millis,
  report: Report,
): void {
  const blocked = new Set([...shadow.budgets.keys()].filter((id) => isBlocked(shadow, id, now, window)));
  for (const id of shadow.liveSessions) {
    const session = shadow.sessions.get(id);
    if (session === undefined) continue;
    nothingDue(shadow, session, now, report);
    if (session.state !== 'closed' && blocked.has(session.instance))
      report('budget', `${id} is ${session.state} though the budget of ${session.instance} is used up`);
  }
  for (const id of shadow.liveJobs) {
    const job = shadow.jobs.get(id);
    if (job?.state !== 'running') continue;
    noJobDue(job, now, report);
    if (job.script === null && !runners.knows(job.token ?? ''))
      report('attempts', `${id} is running, and no process works on it`);
  }
  for (const name of shadow.places.keys()) noneWaitsForNothing(shadow, name, blocked, report);
}

/** Returns the time of the next deadline by the text of the rules; Infinity: never. */
export function nextDue(shadow: Shadow): Millis {
  let next = Infinity;
  const due = (_clock: string, at: Millis) => {
    next = Math.min(next, at);
  };
  for (const id of shadow.liveSessions) {
    const session = shadow.sessions.get(id);
    if (session !== undefined) clocksOf(shadow, session, due);
  }
  for (const id of shadow.liveJobs) {
    const job = shadow.jobs.get(id);
    if (job?.state !== 'running' || job.startedAt === null || job.stop !== null) continue;
    next = Math.min(next, job.startedAt + Math.min(job.maxExecutionTime, job.script?.duration ?? Infinity));
  }
  return next;
}

/** Checks each clock by the text of the rules: half-open, so at its end it has fired. */
function nothingDue(shadow: Shadow, session: Session, now: Millis, report: Report): void {
  const { id, limits } = session;
  clocksOf(shadow, session, (clock, at) => {
    if (at <= now) report('deadlines', `${clock} of ${id} was due ${now - at} ms ago and has not fired`);
  });
  if (session.activeSince === null) return;
  const spent = session.activeSpent + now - session.activeSince;
  if (spent > limits.activeTtl)
    report('usage', `${id} has ${limits.activeTtl - spent} ms of its active_ttl left`);
}

function clocksOf(shadow: Shadow, session: Session, due: (clock: string, at: Millis) => void): void {
  const { id, state, limits } = session;
  if (state === 'closed') return;
  const { queued, running, idleFrom } = shadow.of(id);
  if (session.startedAt !== null) due('max_ttl', session.startedAt + limits.maxTtl);
  if (session.activeSince !== null)
    due('active_ttl', session.activeSince + limits.activeTtl - session.activeSpent);
  if (state === 'active' && queued.length + running.size === 0)
    due('interactive_ttl', idleFrom + limits.interactiveTtl);
  if (state === 'open' && queued.length === 0) due('unused_ttl', idleFrom + limits.unusedTtl);
}

function noJobDue(job: Job, now: Millis, report: Report): void {
  if (job.stop !== null || job.startedAt === null) return;
  const ran = now - job.startedAt;
  if (ran >= job.maxExecutionTime) report('deadlines', `${job.id} has run ${ran} ms, beyond its limit`);
  if (job.script !== null && ran >= job.script.duration) report('deadlines', `${job.id} has run to its end`);
}

/** Checks that no queued job waits while a lane that it may use is free. */
function noneWaitsForNothing(
  shadow: Shadow,
  name: string,
  blocked: ReadonlySet<string>,
  report: Report,
): void {
  const place = shadow.place(name);
  const { backend } = place;
  const waits = (id: string) => shadow.of(id).queued.length > 0;
  for (const [slot, id] of place.reserved) {
    const session = shadow.sessions.get(id);
    if (session?.state === 'closed' || !waits(id))
      report('reservations', `slot ${slot} of ${name} is reserved for ${id}, which has nothing queued`);
    if (place.holders.get(slot) === id)
      report('reservations', `slot ${slot} of ${name} is held and reserved`);
  }
  if (backend.status !== 'online') return;
  let open = false;
  for (let slot = 0; slot < backend.slots; slot += 1) {
    const running = place.running.get(slot)?.size ?? 0;
    const holder = place.holders.get(slot);
    const promised = place.reserved.get(slot);
    if (running >= backend.lanes) continue;
    if (holder !== undefined) {
      if (waits(holder)) report('work conserving', `${holder} waits beside a free lane of its slot ${slot}`);
    } else if (promised !== undefined) {
      if (running === 0)
        report('work conserving', `${promised} waits for slot ${slot} of ${name}, which is empty`);
    } else open = true;
  }
  if (!open) return;
  const promised = new Set(place.reserved.values());
  const alone = place.alone.find(({ instance }) => !blocked.has(instance));
  if (alone !== undefined) report('work conserving', `${alone.id} waits on ${name} beside a free lane`);
  for (const id of place.sessions) {
    const session = shadow.sessions.get(id);
    if (session === undefined || !waits(id) || promised.has(id) || session.slot !== null) continue;
    report('work conserving', `${id} waits on ${name} beside a free lane`);
  }
}

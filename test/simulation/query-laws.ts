import { slotsOf, waitingViewOf } from '../../src/kernel/choice/whole-backend.js';
import { compareInstances } from '../../src/kernel/choice/order.js';
import type { ForecastView } from '../../src/kernel/estimate/forecast.view.js';
import { forecastViewOf } from '../../src/kernel/estimate/whole-forecast.js';
import { isFinal, jobDeadlineOf } from '../../src/kernel/job/job.js';
import { compareDeadlines, deadlineOf, deadlineRank } from '../../src/kernel/session/session.deadline.js';
import type { Millis } from '../../src/kernel/time.js';
import { isUsedUp } from '../../src/kernel/usage/budget.js';
import {
  budgetViewOf,
  chargedIn,
  roomAtOf,
  timeWithin,
  type Charges,
} from '../../src/kernel/usage/charged.js';
import type { Tx } from '../../src/scheduler/ports.js';
import { chargesOf, compare, liveJobs, liveSessions, show, wholeBackend } from './choice-law.js';
import type { Report } from './report.js';
import { rowsOf } from './stored-laws.js';
import { instanceIds, window, type World } from './world.js';

/*
 * The rules that the store decides in SQL, compared with the kernel's functions over all rows of the shadow. Other laws
 * are written from the text of the rules; these show that SQL and kernel state the same rule.
 */

/** Compares the answers of queries with what the kernel's functions return for the same rows. */
export async function checkQueries(world: World): Promise<void> {
  await checkCharges(world);
  await checkDeadlines(world);
  await checkBackends(world);
  await checkCounts(world);
}

async function checkCharges({
  shadow,
  clock,
  laws: { report },
  service: { store, queries },
}: World): Promise<void> {
  const now = clock.now();
  for (const id of instanceIds) {
    const charges = chargesOf(shadow, id);
    const { entries } = charges;
    // Moments at which an entry is about to leave the window, or has just left it.
    const ends = [entries.find(({ to }) => to > now - window), ...entries.slice(-2)].flatMap((entry) =>
      entry === undefined ? [] : [entry.to - 1, entry.to],
    );
    for (const from of [now - window, ...ends])
      compare(
        report,
        `charge of ${id} since ${from}`,
        await store.read.charged(id, from, now),
        chargedIn(charges, from, now),
      );
    for (const to of [now, ...ends]) {
      const range = { from: Math.max(0, to - window / 4), to };
      const times = entries.map((entry) => timeWithin(entry, range)).filter((time) => time > 0);
      const { charged, entries: count } = await store.read.ledgerSums({ instance: id, ...range }, []);
      const sum = times.reduce((all, time) => all + time, 0);
      compare(report, `ledger of ${id} up to ${to}`, [charged, count], [sum, times.length]);
    }
    await queries.write(async (tx) => {
      const { budgets } = shadow;
      for (const at of [now, ...ends.map((end) => end + window)]) {
        const view = await tx.instances.budget(id, at, window);
        const budget = budgets.get(id);
        const expected = budget === undefined ? null : budgetViewOf(charges, budget, at, window);
        compare(report, `budget of ${id} at ${at}`, view, expected);
      }
      await checkRoom(tx, id, charges, now, report);
    });
  }
}

/** Tries budgets around the sums that remain when the first entries have left the window. */
async function checkRoom(tx: Tx, id: string, charges: Charges, at: Millis, report: Report): Promise<void> {
  const charged = chargedIn(charges, at - window, at);
  const [first, second] = charges.entries.filter(({ to }) => to > at - window);
  const rest = first === undefined ? charged : charged - (first.to - first.from);
  const later = second === undefined ? rest : rest - (second.to - second.from);
  for (const budget of [0, 1, later, later + 1, rest, rest + 1, charged]) {
    if (budget < 0 || !isUsedUp({ budget, charged })) continue;
    const view = { budget, charged, rate: 0, releasedAt: null };
    compare(
      report,
      `room of ${id} below ${budget}`,
      await tx.instances.roomAt(id, view, at, window),
      roomAtOf(charges.entries, view, at, window),
    );
  }
}

async function checkDeadlines(world: World): Promise<void> {
  const { shadow, laws, service } = world;
  const due: { id: string; at: Millis; rank: number }[] = [];
  for (const { id, ...session } of liveSessions(shadow)) {
    const next = deadlineOf(session);
    if (next !== null) due.push({ id, at: next.at, rank: deadlineRank[next.kind] });
  }
  for (const job of liveJobs(shadow)) {
    const next = jobDeadlineOf(job);
    if (next !== null && next.kind !== 'kill')
      due.push({ id: job.id, at: next.at, rank: deadlineRank[next.kind] });
  }
  // A kill is repeated until the runner is gone. Only the row has the time of the next one.
  for (const { id, due_at: at } of rowsOf(world, "SELECT id, due_at FROM jobs WHERE due_kind = 'kill'")) {
    due.push({ id: String(id), at: Number(at), rank: deadlineRank.kill });
    const job = shadow.jobs.get(String(id));
    const first = job === undefined ? null : jobDeadlineOf(job);
    if (first === null || Number(at) < first.at)
      laws.report('queries', `job ${String(id)} is killed at ${String(at)}, before ${show(first)}`);
  }
  // When a budget was last reviewed is not in the shadow, so its stored deadline is used.
  for (const { id, due_at: at } of rowsOf(world, 'SELECT id, due_at FROM instances WHERE due_at IS NOT NULL'))
    due.push({ id: String(id), at: Number(at), rank: deadlineRank.budget });
  const [first] = due.sort(compareDeadlines);
  const tied = due.filter((each) => first !== undefined && compareDeadlines(each, first) === 0);
  await service.queries.write(async (tx) => {
    compare(laws.report, 'the next deadline', await tx.nextDeadlineAt(), first?.at ?? null);
    if (first === undefined) return;
    compare(laws.report, 'no deadline yet', await tx.firstDeadline(first.at - 1), null);
    for (const at of [first.at, first.at + window]) {
      const found = await tx.firstDeadline(at);
      const rank = found === null || found.kind === null ? -1 : deadlineRank[found.kind];
      if (!tied.some((each) => each.id === found?.id && each.at === found.at && each.rank === rank))
        laws.report('queries', `the first deadline is ${show(found)}, not one of ${show(tied)}`);
    }
  });
}

async function checkBackends({ shadow, clock, laws: { report }, service: { store } }: World): Promise<void> {
  const at = clock.now();
  for (const name of shadow.places.keys()) {
    const whole = wholeBackend(shadow, name, at, window);
    compare(report, `slots of ${name}`, await store.read.slots(whole.backend), slotsOf(whole));
    const queued = whole.jobs.filter(({ state }) => state === 'queued');
    // A few of many: the first and the last, and some between.
    const each = Math.max(1, Math.floor(queued.length / 6));
    for (const job of queued.filter((_, i) => i % each === 0 || i === queued.length - 1)) {
      const found = await store.read.waiting(job, at, window);
      const expected = waitingViewOf(whole, job);
      compare(
        report,
        `the place of ${job.id}`,
        found === null ? null : { ...found, instances: sorted(found.instances) },
        { ...expected, instances: sorted(expected.instances) },
      );
    }
    const ended = [...shadow.jobs.values()].filter(
      ({ backend, state }) => backend === name && isFinal(state),
    );
    // Also at the moment when the latest charge of an instance leaves the window.
    const [instance] = instanceIds;
    const leaves = (shadow.entries.get(instance)?.at(-1)?.to ?? at) + window;
    for (const [moment, requester] of [
      [at, null],
      [leaves, instance],
    ] as const) {
      const found = await store.read.forecast(name, moment, window, requester);
      if (found === null) report('queries', `there is no forecast of ${name}`);
      else {
        const then = wholeBackend(shadow, name, moment, window);
        compareForecasts(report, found, forecastViewOf(then, ended, requester));
      }
    }
  }
}

/** The store cuts queues and samples off, and then marks it. The order of some lists is not prescribed. */
function compareForecasts(report: Report, found: ForecastView, whole: ForecastView): void {
  const say = (what: string) => `${what} of the forecast for ${whole.backend.name}`;
  const sessions = whole.sessions.map((session) => {
    const length = found.sessions.find(({ id }) => id === session.id)?.queue.length ?? 0;
    return { ...session, queue: session.queue.slice(0, length), more: session.queue.length > length };
  });
  const instances = whole.instances.map((instance) => {
    const length = found.instances.find(({ id }) => id === instance.id)?.waiting.length ?? 0;
    return {
      ...instance,
      waiting: instance.waiting.slice(0, length),
      more: instance.waiting.length > length,
    };
  });
  compare(report, say('sessions'), sorted(found.sessions), sorted(sessions));
  compare(report, say('instances'), sorted(found.instances), sorted(instances));
  compare(report, say('running jobs'), sorted(found.running), sorted(whole.running));
  const { at, backend, slots, batches, hiddenFrom } = whole;
  compare(
    report,
    say('rest'),
    {
      at: found.at,
      backend: found.backend,
      slots: found.slots,
      batches: found.batches,
      hiddenFrom: found.hiddenFrom,
    },
    { at, backend, slots, batches, hiddenFrom },
  );
  found.instances.forEach((instance, i) => {
    const next = found.instances[i + 1];
    const toStanding = ({ budget, charged, shares }: typeof instance) => ({
      ...{ charged, shares },
      blocked: budget !== null && isUsedUp({ budget, charged }),
    });
    if (next !== undefined && compareInstances(toStanding(instance), toStanding(next)) > 0)
      report('queries', `${say('instances')}: ${instance.id} comes before ${next.id}`);
  });
  if (whole.recent.length <= mostSamples)
    compare(report, say('samples'), found.recent.map(show).sort(), whole.recent.map(show).sort());
}

/** With more samples than this the store leaves out the oldest ones. */
const mostSamples = 500;

async function checkCounts({ shadow, laws: { report }, service: { store, queries } }: World): Promise<void> {
  const jobs = liveJobs(shadow);
  const sessions = liveSessions(shadow);
  const holding = sessions.filter(({ slot }) => slot !== null);
  const onRunners = jobs.filter(({ state, script }) => state === 'running' && script === null);
  compare(report, 'something accrues', await store.read.isAccruing(), holding.length + onRunners.length > 0);
  await queries.write(async (tx) => {
    compare(report, 'jobs on runners', ids(await tx.jobs.runningOnRunners()), ids(onRunners));
    compare(report, 'holders', ids(await tx.sessions.holding()), ids(holding).sort());
    const activations = [...shadow.sessions.values()].map(({ activation }) => activation ?? 0);
    compare(
      report,
      'the next activation',
      await tx.sessions.nextActivation(),
      Math.max(0, ...activations) + 1,
    );
    for (const id of instanceIds) {
      const queued = jobs.filter(({ state, instance }) => state === 'queued' && instance === id).length;
      compare(report, `queued jobs of ${id}`, await tx.jobs.countQueuedOf(id), queued);
      const open = sessions.filter(({ instance, state }) => instance === id && state !== 'closed');
      compare(report, `sessions of ${id}`, ids(await tx.sessions.notClosedOf(id)).sort(), ids(open).sort());
    }
    for (const { id } of sessions) {
      const { queued, running } = shadow.of(id);
      compare(report, `the head of ${id}`, await tx.jobs.headOf(id), queued[0]?.seq ?? null);
      compare(
        report,
        `running jobs of ${id}`,
        ids(await tx.jobs.runningOf(id)).sort(),
        [...running.keys()].sort(),
      );
    }
    for (const name of shadow.places.keys()) {
      const inUse =
        jobs.some(({ backend }) => backend === name) ||
        sessions.some(({ backend, state }) => backend === name && state !== 'closed');
      compare(report, `use of ${name}`, await tx.backends.isInUse(name), inUse);
    }
  });
}

const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);
const sorted = <T extends { readonly id: string }>(rows: readonly T[]): T[] =>
  [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));

import { compareHeads, type Standing } from '../choice/order.js';
import type { InstanceView, SessionView, SlotView, Snapshot } from '../choice/snapshot.js';
import type { Millis } from '../time.js';
import type { ForecastJob, ForecastView } from './forecast.view.js';
import { SimulatedInstance, SimulatedSession } from './simulated.js';

type Entries = InstanceView['waiting'];

/** The input of all runs of one forecast, indexed by name. */
export class SimulationInput {
  readonly jobs = new Map<
    string,
    { readonly job: ForecastJob; readonly index: number; readonly entry: number }
  >();
  readonly entries = new Map<string, Entries>();
  readonly all: readonly ForecastJob[];

  constructor(readonly view: ForecastView) {
    const add = (job: ForecastJob, entry: number) =>
      this.jobs.set(job.id, { job, index: this.jobs.size, entry });
    for (const { id, waiting } of view.instances) {
      this.entries.set(
        id,
        waiting.map((entry) => ('session' in entry ? entry : { job: entry })),
      );
      waiting.forEach((entry, i) => ('session' in entry ? undefined : add(entry, i)));
    }
    for (const { queue } of view.sessions) for (const job of queue) add(job, -1);
    this.all = [...this.jobs.values()].map(({ job }) => job);
  }
}

/** The backend while a run plays it forward, and the snapshots that the choice sees of it. */
export class SimulatedBackend {
  readonly slots: { -readonly [K in keyof SlotView]: SlotView[K] }[];
  readonly sessions: Map<string, SimulatedSession>;
  readonly instances: Map<string, SimulatedInstance>;
  /** Active batch sessions, oldest activation first. */
  readonly batches: string[];
  /** Whether the next start depends on jobs or instances that the view leaves out. */
  dependsOnHidden = false;

  constructor(private readonly setting: SimulationInput) {
    const { view, entries } = setting;
    this.slots = view.slots.map((slot) => ({ ...slot }));
    this.sessions = new Map(view.sessions.map((session) => [session.id, new SimulatedSession(session)]));
    this.instances = new Map(
      view.instances.map((each) => [
        each.id,
        new SimulatedInstance(each, entries.get(each.id) ?? [], view.at),
      ]),
    );
    this.batches = [...view.batches];
    for (const { holder, index } of this.slots) {
      const session = holder === null ? undefined : this.sessions.get(holder);
      if (session !== undefined) session.slot = index;
    }
  }

  /** Finds a slot by number: its index in the list, unless an operator removed slots that are still held. */
  slot(index: number): SimulatedBackend['slots'][number] | undefined {
    const candidate = this.slots[index];
    return candidate?.index === index ? candidate : this.slots.find((slot) => slot.index === index);
  }

  /** Returns the heads of the queues, as the store would read them; null if no lane is free. */
  snapshot(at: Millis): Snapshot | null {
    const { backend } = this.setting.view;
    const { slots } = this;
    let free = 0;
    for (const { running } of slots) free += Math.max(0, backend.lanes - running);
    if (free === 0) return null;
    const sessions = new Map<string, SessionView>();
    const show = (id: string | null) => {
      const session = id === null ? undefined : this.sessions.get(id);
      if (session !== undefined) sessions.set(session.id, session.viewFor(free));
    };
    for (const { holder, reservedFor } of slots) {
      show(holder);
      show(reservedFor);
    }
    const batches: string[] = [];
    for (const id of this.batches) {
      if (batches.length === free) break;
      if ((this.sessions.get(id)?.queuedJobs ?? 0) === 0) continue;
      batches.push(id);
      show(id);
    }
    const instances = this.firstInstances(free + slots.length, at);
    for (const { waiting } of instances) {
      for (const entry of waiting) if ('session' in entry) show(entry.session);
    }
    return { backend, slots, sessions, batches, instances };
  }

  /** Returns the instances that go first. Each start takes one entry, so more than `most` cannot matter. */
  private firstInstances(most: number, at: Millis): InstanceView[] {
    const first: Candidate[] = [];
    for (const instance of this.instances.values()) {
      const seq = instance.headSeq(this.hasWaitingJobs);
      if (instance.isNextHidden) this.dependsOnHidden = true;
      if (seq === null || instance.isUsedUp(at)) continue;
      const { shares } = instance;
      const candidate = { instance, seq, charged: instance.chargedAt(at), shares, blocked: false };
      let place = first.length;
      while (place > 0 && compareHeads(candidate, first[place - 1] as Candidate) < 0) place -= 1;
      if (place >= most) continue;
      first.splice(place, 0, candidate);
      if (first.length > most) first.pop();
    }
    const { hiddenFrom } = this.setting.view;
    const [head] = first;
    if (hiddenFrom !== null && head !== undefined && head.charged / head.instance.shares > hiddenFrom)
      this.dependsOnHidden = true;
    return first.map(({ instance, charged }) => {
      const { id, shares } = instance;
      return { id, shares, charged, blocked: false, waiting: instance.waiting(most, this.hasWaitingJobs) };
    });
  }

  private readonly hasWaitingJobs = (id: string): boolean => {
    const session = this.sessions.get(id);
    return session !== undefined && session.queuedJobs > 0 && session.state !== 'active';
  };
}

interface Candidate extends Standing {
  readonly instance: SimulatedInstance;
  readonly seq: number;
}

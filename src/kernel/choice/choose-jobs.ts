import { compareHeads } from './order.js';
import type { Choice, InstanceView, QueuedJob, SessionView, Snapshot } from './snapshot.js';

/**
 * Decides who runs next on one backend (semantics: who runs next). Pure: takes a snapshot and returns the starts in
 * order and the changed reservations. Each start can affect every later decision (a batch becomes active, a slot
 * becomes held), so the rules are evaluated from the top again after each start.
 */
export function chooseJobs(snapshot: Snapshot): Choice {
  const board = new Board(snapshot);
  if (snapshot.backend.status === 'online') {
    while (
      board.startOnHeldSlot() ||
      board.activateReservation() ||
      board.startFromActiveBatch() ||
      board.startFromGeneralQueue()
    );
  }
  return board.choice();
}

interface Slot {
  readonly index: number;
  running: number;
  holder: string | null;
  reservedFor: string | null;
}

/**
 * A working copy of the snapshot. Each rule makes one change and returns true, or returns false if it has none to make.
 */
class Board {
  private readonly slots: Slot[];
  private readonly queues: Map<string, QueuedJob[]>;
  private readonly batches: string[];
  private readonly general: {
    readonly instance: InstanceView;
    readonly waiting: InstanceView['waiting'][number][];
  }[];
  private readonly starts: Choice['starts'][number][] = [];

  constructor(private readonly snapshot: Snapshot) {
    this.queues = new Map([...snapshot.sessions.values()].map((session) => [session.id, [...session.queue]]));
    // A reservation ends when its session has no queued job left, because of a cancel or because it closed.
    this.slots = snapshot.slots.map((slot) => {
      const stale = slot.reservedFor !== null && this.queueOf(slot.reservedFor).length === 0;
      return { ...slot, reservedFor: stale ? null : slot.reservedFor };
    });
    this.batches = [...snapshot.batches];
    this.general = snapshot.instances.map((instance) => ({ instance, waiting: [...instance.waiting] }));
  }

  /** Starts a job on a held slot, which runs only the jobs of the session that holds it, in submission order. */
  startOnHeldSlot(): boolean {
    for (const slot of this.slots) {
      if (slot.holder === null || slot.running >= this.lanes) continue;
      if (this.startFromSession(slot.holder, slot)) return true;
    }
    return false;
  }

  /** Makes a session active on the slot reserved for it, once that is empty. Until then the slot takes no new job. */
  activateReservation(): boolean {
    for (const slot of this.slots) {
      if (slot.reservedFor === null || slot.running > 0) continue;
      const session = slot.reservedFor;
      slot.reservedFor = null;
      slot.holder = session;
      this.removeFromGeneralQueue(session);
      return this.startFromSession(session, slot);
    }
    return false;
  }

  /** Starts a job of an active batch. Such jobs go first on the lanes that are neither held nor reserved. */
  startFromActiveBatch(): boolean {
    const slot = this.sharedSlot();
    return slot !== null && this.batches.some((session) => this.startFromSession(session, slot));
  }

  /**
   * Starts a job of the general queue: of the instance with the least charged time per share, and within it the
   * earliest submission. If that is a dedicated session and no slot is empty, reserves one for it and goes on.
   */
  startFromGeneralQueue(): boolean {
    for (;;) {
      const slot = this.sharedSlot();
      const head = slot === null ? null : this.nextInstance();
      if (slot === null || head === null) return false;
      const first = head.waiting[0];
      if (first === undefined) return false;
      if ('job' in first) {
        head.waiting.shift();
        this.start(first.job.id, null, slot);
        return true;
      }
      const session = this.sessionOf(first.session);
      head.waiting.shift();
      if (session.mode === 'batch') {
        this.batches.push(session.id);
        return this.startFromSession(session.id, slot);
      }
      // The session was given a reservation earlier: it waits for that slot, and no longer in the general queue.
      if (this.slots.some(({ reservedFor }) => reservedFor === session.id)) continue;
      const empty = this.openSlots().find(({ running }) => running === 0);
      if (empty !== undefined) {
        empty.holder = session.id;
        return this.startFromSession(session.id, empty);
      }
      const [leastBusy] = this.openSlots().sort((a, b) => a.running - b.running || a.index - b.index);
      if (leastBusy === undefined) return false;
      leastBusy.reservedFor = session.id;
    }
  }

  choice(): Choice {
    const reservations = this.slots
      .filter((slot, i) => slot.reservedFor !== this.snapshot.slots[i]?.reservedFor)
      .map(({ index, reservedFor }) => ({ slot: index, session: reservedFor }));
    return { starts: this.starts, reservations };
  }

  private get lanes(): number {
    return this.snapshot.backend.lanes;
  }

  /** Returns the slots with a free lane that are neither held nor reserved. */
  private openSlots(): Slot[] {
    return this.slots.filter(
      (slot) => slot.holder === null && slot.reservedFor === null && slot.running < this.lanes,
    );
  }

  /** Returns the fullest slot with a free lane, so that other slots stay empty for dedicated sessions. */
  private sharedSlot(): Slot | null {
    const [fullest] = this.openSlots().sort((a, b) => b.running - a.running || a.index - b.index);
    return fullest ?? null;
  }

  /** Returns the instance with the least charged time per share; on a tie, that of the earliest waiting job. */
  private nextInstance() {
    let best: (typeof this.general)[number] | null = null;
    for (const candidate of this.general) {
      if (candidate.instance.blocked) continue;
      if (
        candidate.waiting.length > 0 &&
        (best === null || compareHeads(rankOf(candidate), rankOf(best)) < 0)
      )
        best = candidate;
    }
    return best;
  }

  private startFromSession(session: string, slot: Slot): boolean {
    const job = this.queueOf(session).shift();
    if (job === undefined) return false;
    this.start(job.id, session, slot);
    return true;
  }

  private start(job: string, session: string | null, slot: Slot): void {
    slot.running += 1;
    this.starts.push({ job, session, slot: slot.index });
  }

  private removeFromGeneralQueue(session: string): void {
    for (const { waiting } of this.general) {
      const at = waiting.findIndex((entry) => 'session' in entry && entry.session === session);
      if (at !== -1) waiting.splice(at, 1);
    }
  }

  private queueOf(session: string): QueuedJob[] {
    return this.queues.get(session) ?? [];
  }

  private sessionOf(id: string): SessionView {
    const session = this.snapshot.sessions.get(id);
    if (session === undefined) throw new Error(`The snapshot names session ${id} but does not show it.`);
    return session;
  }
}

type WaitingInstance = { readonly instance: InstanceView; readonly waiting: InstanceView['waiting'] };

function rankOf({ instance, waiting }: WaitingInstance) {
  const [first] = waiting;
  const { charged, shares, blocked } = instance;
  const seq = first === undefined ? Infinity : 'job' in first ? first.job.seq : first.seq;
  return { charged, shares, blocked, seq };
}

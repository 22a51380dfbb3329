import type { Job } from '../../src/kernel/job/job.js';
import type { Session } from '../../src/kernel/session/session.js';
import type { Millis } from '../../src/kernel/time.js';
import { chargedTo, isBlocked } from './charged.js';
import type { Report } from './report.js';
import type { Change } from './observed-store.js';
import type { ShadowPlace, Shadow } from './shadow.js';

type Reserved = Extract<Change, { of: 'reserved' }>;

/** Laws at the start of a job: the rules of "who runs next", checked against the whole queue. */
export class StartLaws {
  /** Reservations made by the current choice. Jobs that it started before may be on those slots. */
  private readonly fresh = new Set<string>();
  /**
   * Reservations ended by the current choice although their session still waits. That session must start there next.
   */
  private readonly due = new Map<string, string>();
  private at: Millis = 0;

  constructor(
    private readonly shadow: Shadow,
    private readonly window: Millis,
    private readonly report: Report,
  ) {}

  choice({ at }: Extract<Change, { of: 'choice' }>): void {
    this.unitEnds();
    this.fresh.clear();
    this.at = at;
  }

  unitEnds(): void {
    for (const [slot, session] of this.due)
      this.report('reservations', `${slot} was taken from ${session}, which still waits`);
    this.due.clear();
  }

  reserved({ backend, reservations }: Reserved): void {
    const place = this.shadow.place(backend);
    for (const { slot, session } of reservations) {
      const before = place.reserved.get(slot);
      if (before !== undefined && before !== session && this.waits(before))
        this.due.set(`${backend}/${slot}`, before);
      if (session === null) continue;
      this.fresh.add(`${backend}/${slot}`);
      const promised = this.shadow.sessions.get(session);
      if (promised?.mode !== 'dedicated' || promised.state === 'active' || !this.waits(session))
        this.report('reservations', `slot ${slot} is reserved for ${session}, which needs none`);
      if (place.holders.has(slot)) this.report('reservations', `slot ${slot} is held and reserved`);
    }
  }

  started(before: Job, job: Job): void {
    const place = this.shadow.place(job.backend);
    const slot = job.slot ?? -1;
    const key = `${job.backend}/${slot}`;
    const session = job.session === null ? null : (this.shadow.sessions.get(job.session) ?? null);
    const running = runningOn(place, slot);
    const say = (law: string, what: string) => this.report(law, `${job.id} started on ${key}: ${what}`);

    if (place.backend.status !== 'online') say('only online', `the backend is ${place.backend.status}`);
    if (slot < 0 || slot >= place.backend.slots) say('lanes', 'there is no such slot');
    if (running >= place.backend.lanes) say('lanes', `${running} jobs already run there`);
    if (session?.state === 'closed') say('closed starts nothing', 'its session is closed');

    const holder = place.holders.get(slot);
    if (holder !== undefined && holder !== job.session) say('exclusive', `${holder} holds it`);
    const promised = place.reserved.get(slot);
    if (promised !== undefined && promised !== job.session && !this.fresh.has(key))
      say('reservations', `it is reserved for ${promised}`);
    const wasDue = this.due.get(key);
    if (wasDue !== undefined) {
      if (wasDue !== job.session || running > 0)
        say('reservations', `it was reserved for ${wasDue}, once empty`);
      this.due.delete(key);
    }
    if (session !== null && this.shadow.of(session.id).queued[0]?.id !== job.id)
      say('order', 'it is not the next of its session');
    if (holder !== undefined && holder === job.session) return;
    if (session?.mode === 'dedicated') {
      if (running > 0) say('exclusive', 'the slot is not empty');
      if (session.slot !== null) say('one hold', `its session holds slot ${session.slot}`);
      if (wasDue === session.id) return;
    }
    this.order(place, before, session, say);
    this.slotChoice(place, session, slot, say);
  }

  private order(place: ShadowPlace, job: Job, session: Session | null, say: Report): void {
    const isActive = session?.state === 'active';
    const mine = isActive ? this.activation(session.id) : Infinity;
    for (const id of place.sessions) {
      const other = this.shadow.sessions.get(id);
      if (other?.mode !== 'batch' || other.state !== 'active' || id === session?.id || !this.waits(id))
        continue;
      if (this.activation(id) < mine) say('batches first', `active batch ${id} waits`);
    }
    if (isActive) return;
    if (isBlocked(this.shadow, job.instance, this.at, this.window)) say('budget', 'its budget is used up');
    const own = { instance: job.instance, seq: job.seq };
    for (const other of this.heads(place)) {
      if (other.seq === own.seq || isBlocked(this.shadow, other.instance, this.at, this.window)) continue;
      if (other.instance === own.instance ? other.seq < own.seq : this.goesBefore(other, own))
        say('fair share', `number ${other.seq} of ${other.instance} goes first`);
    }
  }

  /** Returns the first entry of each instance in the general queue, which excludes sessions with a reservation. */
  private heads(place: ShadowPlace): { instance: string; seq: number }[] {
    const first = new Map<string, number>();
    const offer = (instance: string, seq: number) =>
      first.set(instance, Math.min(seq, first.get(instance) ?? Infinity));
    for (const { instance, seq } of place.alone) offer(instance, seq);
    const promised = new Set(place.reserved.values());
    for (const id of place.sessions) {
      const session = this.shadow.sessions.get(id);
      const [head] = this.shadow.of(id).queued;
      if (session === undefined || head === undefined || promised.has(id)) continue;
      if (session.state === 'open' || session.state === 'inactive') offer(session.instance, head.seq);
    }
    return [...first].map(([instance, seq]) => ({ instance, seq }));
  }

  private goesBefore(a: { instance: string; seq: number }, b: { instance: string; seq: number }): boolean {
    const [shareA, shareB] = [this.share(a.instance), this.share(b.instance)];
    const less = this.charged(a.instance) * shareB - this.charged(b.instance) * shareA;
    return less !== 0 ? less < 0 : a.seq < b.seq;
  }

  private activation(session: string): number {
    return this.shadow.activations.get(session) ?? Infinity;
  }

  private share(instance: string): number {
    return this.shadow.shares.get(instance) ?? 1;
  }

  private charged(instance: string): Millis {
    return chargedTo(this.shadow, instance, this.at, this.window);
  }

  private slotChoice(place: ShadowPlace, session: Session | null, slot: number, say: Report): void {
    const open = Array.from({ length: place.backend.slots }, (_, index) => index).filter(
      (index) =>
        !place.holders.has(index) &&
        !place.reserved.has(index) &&
        runningOn(place, index) < place.backend.lanes,
    );
    for (const other of open) {
      const better =
        session?.mode === 'dedicated'
          ? runningOn(place, other) === 0 && other < slot
          : runningOn(place, other) > runningOn(place, slot) ||
            (runningOn(place, other) === runningOn(place, slot) && other < slot);
      if (better) say('slot choice', `slot ${other} should be taken first`);
    }
  }

  private waits(session: string): boolean {
    return this.shadow.sessions.get(session)?.state !== 'closed' && this.shadow.of(session).queued.length > 0;
  }
}

const runningOn = (place: ShadowPlace, slot: number): number => place.running.get(slot)?.size ?? 0;

import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { throttleTime, type Subscription } from 'rxjs';
import { seconds, type Millis } from '../../../kernel/time.js';
import { Commands } from '../../../scheduler/commands.service.js';
import type { Delivery, LearnSessionView } from '../storage/ports.js';
import { CLOCK, factOf, STORE, type Clock, type EventRecord, type Store } from '../../../scheduler/ports.js';
import { isAllowed } from './callbacks.js';
import { PrivateAddress } from './outgoing.js';
import { post } from './post.js';
import { fromSession } from '../wire/session.wire.js';
import { NEXOSIS, type NexosisSettings } from '../settings.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';

/** How long a failed delivery waits for its next try; after the last one it is given up. */
const waits: readonly Millis[] = [1, 5, 30, 120, 600, 1800, 3600, 3600].map(seconds);
/** Deliveries on their way at a time. Those of one session follow each other. */
const mostAtOnce = 16;
const eventsPerRead = 100;
/** So much of the log is looked through at a time; others have their turn in between. */
const logPerLook = 2000;
/** How far it was read is stored so often where there was nothing to tell: a start looks through no more than that. */
const logPerNote = 20_000;
/** The last event of the log that was told. */
export const lastRead = factOf('nexosis', 'event');
const told = ['job.running', 'job.completed', 'job.failed', 'job.cancelled'] as const;

/**
 * Tells callbacks of each change of a session's status, once and in order (nexosis dialect, webhook). The event log says
 * what happened; how far it was read, and what is still to be sent, is stored, so a restart neither forgets nor repeats.
 * Nothing else waits for a receiver.
 */
@Injectable()
export class WebhooksService implements OnModuleDestroy {
  private readonly logger = new Logger(WebhooksService.name);
  private readonly sending = new Map<string, Promise<void>>();
  private readonly leaving = new AbortController();
  private following: Subscription | null = null;
  private reading: Promise<void> = Promise.resolve();
  private seen = 0;
  /** As far as it is stored that the log was read. */
  private noted = 0;

  constructor(
    private readonly commands: Commands,
    @Inject(STORE) private readonly store: Store,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(NEXOSIS) private readonly settings: NexosisSettings,
  ) {}

  async begin(): Promise<void> {
    this.seen = await this.commands.run(async ({ tx }) => {
      const known = await tx.facts.get(lastRead);
      // Before the first start there was nobody to tell.
      const from = known === null ? await this.store.read.lastEvent() : Number(known);
      await tx.facts.set(lastRead, String(from));
      return from;
    });
    this.noted = this.seen;
    const soon = throttleTime(20, undefined, { leading: true, trailing: true });
    this.following = this.commands.changes.pipe(soon).subscribe(() => this.follow());
    this.follow();
  }

  async onModuleDestroy(): Promise<void> {
    this.following?.unsubscribe();
    this.leaving.abort();
    await this.reading;
    await Promise.all(this.sending.values());
  }

  /** Sends what is due; the clock may have moved without anyone telling. */
  @Interval(200)
  async pump(): Promise<void> {
    if (this.leaving.signal.aborted) return;
    const due = await nexosisReads(this.store.read).dueDeliveries(this.clock.now(), 4 * mostAtOnce);
    for (const delivery of due) {
      if (this.sending.size >= mostAtOnce) return;
      if (this.sending.has(delivery.session)) continue;
      const sent = this.send(delivery)
        .catch((error: unknown) => this.logger.warn(`A webhook was not settled: ${String(error)}`))
        .finally(() => this.sending.delete(delivery.session))
        // What was waiting behind it is the first of its session now.
        .then(() => this.pump());
      this.sending.set(
        delivery.session,
        sent.then(() => undefined),
      );
    }
  }

  private follow(): void {
    this.reading = this.reading
      .then(() => this.read())
      .catch((error: unknown) => this.logger.warn(`The event log was not read: ${String(error)}`));
  }

  private async read(): Promise<void> {
    const last = await this.store.read.lastEvent();
    while (this.seen < last && !this.leaving.signal.aborted) {
      const look = Math.min(last, this.seen + logPerLook);
      const range = { types: told, after: this.seen, upTo: look, limit: eventsPerRead };
      const events = await nexosisReads(this.store.read).eventsOfSessions(range);
      const upTo = events.length < eventsPerRead ? look : (events.at(-1)?.id ?? look);
      const deliveries: Omit<Delivery, 'id'>[] = [];
      for (const event of events) {
        const delivery = await this.deliveryOf(event);
        if (delivery !== null) deliveries.push(delivery);
      }
      if (deliveries.length > 0 || upTo - this.noted >= logPerNote) await this.note(deliveries, upTo);
      this.seen = upTo;
      if (deliveries.length > 0) await this.pump();
      if (upTo < last) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** A commit whose answer was lost may have been made: what was noted before is not noted again. */
  private async note(deliveries: readonly Omit<Delivery, 'id'>[], upTo: number): Promise<void> {
    await this.commands.run(async ({ tx }) => {
      if (Number((await tx.facts.get(lastRead)) ?? 0) >= upTo) return;
      for (const delivery of deliveries) await nexosisStore(tx).deliveries.insert(delivery);
      await tx.facts.set(lastRead, String(upTo));
    });
    this.noted = upTo;
  }

  private async deliveryOf(event: EventRecord): Promise<Omit<Delivery, 'id'> | null> {
    const session = event.job === null ? null : await nexosisReads(this.store.read).sessionOfJob(event.job);
    if (session === null || session.callbackUrl === null || session.token === null) return null;
    // A job whose runner was lost starts again; its session began the first time.
    if (event.type === 'job.running' && !(await this.isFirstStart(event, session.id))) return null;
    const body = JSON.stringify(fromSession(asItWas(session, event)));
    const { id, callbackUrl: url, token } = session;
    return { session: id, url, token, body, attempts: 0, dueAt: this.clock.now() };
  }

  private async isFirstStart({ id }: EventRecord, session: string): Promise<boolean> {
    const all = await this.store.read.events({ session, after: 0, limit: eventsPerRead });
    return all.find(({ type }) => type === 'job.running')?.id === id;
  }

  private async send(delivery: Delivery): Promise<void> {
    const { id, session, url, token, body } = delivery;
    try {
      const mayBePrivate = (host: string) => isAllowed(host, this.settings.privateHosts);
      const status = await post(url, body, token, mayBePrivate, this.leaving.signal);
      if (status >= 200 && status < 300) {
        await this.commands.run(({ tx }) => nexosisStore(tx).deliveries.remove(id));
        return;
      }
      await this.failed(delivery, `it answered ${status}`);
    } catch (error) {
      if (this.leaving.signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      if (!(error instanceof PrivateAddress)) return this.failed(delivery, why);
      await this.giveUp(id, session, `The webhook to ${url} was not sent: ${why}.`);
    }
  }

  private async failed({ id, session, url, attempts }: Delivery, why: string): Promise<void> {
    const wait = waits[attempts];
    this.logger.debug({ msg: `A webhook failed: ${why}`, session, attempt: attempts + 1 });
    if (wait === undefined)
      return this.giveUp(
        id,
        session,
        `The webhook to ${url} was given up after ${attempts + 1} tries: ${why}.`,
      );
    const dueAt = this.clock.now() + wait;
    await this.commands.run(({ tx }) => nexosisStore(tx).deliveries.postpone(id, attempts + 1, dueAt));
  }

  private giveUp(id: number, session: string, message: string): Promise<void> {
    return this.commands.run(async ({ tx }) => {
      await nexosisStore(tx).deliveries.remove(id);
      await nexosisStore(tx).sessions.addMessage(session, { severity: 'warning', message });
    });
  }
}

/** The session at the moment of the event: it may have gone on since. */
function asItWas(session: LearnSessionView, { type, at }: EventRecord): LearnSessionView {
  return type === 'job.running' ? { ...session, jobState: 'running', startedAt: at, endedAt: null } : session;
}

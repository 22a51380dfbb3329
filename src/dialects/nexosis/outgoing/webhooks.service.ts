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
import { logUnreadable } from '../storage/readable.js';

/** Time between a failed try of a delivery and the next. A delivery is dropped after its last try. */
const retryDelays: readonly Millis[] = [1, 5, 30, 120, 600, 1800, 3600, 3600].map(seconds);
/** Most deliveries in flight. A session has at most one of them, so that its webhooks arrive in order. */
const maxConcurrent = 16;
const eventsPerBatch = 100;
/** Events of the log that one query covers. Other work runs between two queries. */
const eventsPerScan = 2000;
/** Events without a delivery after which the position is saved. A start reads at most this many again. */
const eventsPerSave = 20_000;
/** Name of the stored position: the last event of the log whose deliveries are stored. */
export const lastRead = factOf('nexosis', 'event');
const eventTypes = ['job.running', 'job.completed', 'job.failed', 'job.cancelled'] as const;

/**
 * Sends each status change of a session to its callback, once and in order (nexosis dialect, webhook). It reads the
 * changes from the event log. Its position in the log and the pending deliveries are stored, so a restart neither loses
 * nor repeats a change. No other work waits for a receiver.
 */
@Injectable()
export class WebhooksService implements OnModuleDestroy {
  private readonly logger = new Logger(WebhooksService.name);
  private readonly sending = new Map<string, Promise<void>>();
  private readonly stopping = new AbortController();
  private subscription: Subscription | null = null;
  private reading: Promise<void> = Promise.resolve();
  private position = 0;
  /** The position as stored in the database. */
  private savedPosition = 0;

  constructor(
    private readonly commands: Commands,
    @Inject(STORE) private readonly store: Store,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(NEXOSIS) private readonly settings: NexosisSettings,
  ) {}

  async begin(): Promise<void> {
    this.position = await this.commands.run(async ({ tx }) => {
      const storedPosition = await tx.facts.get(lastRead);
      // The first start skips the events before it, because no session had a callback.
      const from = storedPosition === null ? await this.store.read.lastEvent() : Number(storedPosition);
      await tx.facts.set(lastRead, String(from));
      return from;
    });
    this.savedPosition = this.position;
    const throttled = throttleTime(20, undefined, { leading: true, trailing: true });
    this.subscription = this.commands.changes.pipe(throttled).subscribe(() => this.readSoon());
    this.readSoon();
  }

  async onModuleDestroy(): Promise<void> {
    this.subscription?.unsubscribe();
    this.stopping.abort();
    await this.reading;
    await Promise.all(this.sending.values());
  }

  /** Sends the due deliveries. Runs regularly, because no event announces that a delivery is due. */
  @Interval(200)
  async pump(): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const due = await nexosisReads(this.store.read).dueDeliveries(this.clock.now(), 4 * maxConcurrent);
    for (const delivery of due) {
      if (this.sending.size >= maxConcurrent) return;
      if (this.sending.has(delivery.session)) continue;
      const attempt = this.send(delivery)
        .catch((error: unknown) =>
          this.logger.warn(`The state of a webhook delivery could not be stored: ${String(error)}`),
        )
        .finally(() => this.sending.delete(delivery.session))
        // The next delivery of the session can be sent now.
        .then(() => this.pump());
      this.sending.set(
        delivery.session,
        attempt.then(() => undefined),
      );
    }
  }

  private readSoon(): void {
    this.reading = this.reading
      .then(() => this.read())
      .catch((error: unknown) => this.logger.warn(`The event log could not be read: ${String(error)}`));
  }

  private async read(): Promise<void> {
    const last = await this.store.read.lastEvent();
    while (this.position < last && !this.stopping.signal.aborted) {
      const end = Math.min(last, this.position + eventsPerScan);
      const range = { types: eventTypes, after: this.position, upTo: end, limit: eventsPerBatch };
      const events = await nexosisReads(this.store.read).eventsOfSessions(range);
      const upTo = events.length < eventsPerBatch ? end : (events.at(-1)?.id ?? end);
      const deliveries: Omit<Delivery, 'id'>[] = [];
      for (const event of events) {
        // A session that cannot be read must not stop the webhooks of all others.
        const delivery = await this.deliveryOf(event).catch((error: unknown) => {
          logUnreadable(error);
          return null;
        });
        if (delivery !== null) deliveries.push(delivery);
      }
      if (deliveries.length > 0 || upTo - this.savedPosition >= eventsPerSave)
        await this.saveDeliveries(deliveries, upTo);
      this.position = upTo;
      if (deliveries.length > 0) await this.pump();
      if (upTo < last) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /**
   * Stores deliveries and the position in one transaction, unless an earlier commit that seemed to fail stored them.
   */
  private async saveDeliveries(deliveries: readonly Omit<Delivery, 'id'>[], upTo: number): Promise<void> {
    await this.commands.run(async ({ tx }) => {
      if (Number((await tx.facts.get(lastRead)) ?? 0) >= upTo) return;
      for (const delivery of deliveries) await nexosisStore(tx).deliveries.insert(delivery);
      await tx.facts.set(lastRead, String(upTo));
    });
    this.savedPosition = upTo;
  }

  private async deliveryOf(event: EventRecord): Promise<Omit<Delivery, 'id'> | null> {
    const session = event.job === null ? null : await nexosisReads(this.store.read).sessionOfJob(event.job);
    if (session === null || session.callbackUrl === null || session.token === null) return null;
    // A job starts again after its runner was lost, but its session started only once.
    if (event.type === 'job.running' && !(await this.isFirstStart(event, session.id))) return null;
    const body = JSON.stringify(fromSession(atTime(session, event)));
    const { id, callbackUrl: url, token } = session;
    return { session: id, url, token, body, attempts: 0, dueAt: this.clock.now() };
  }

  private async isFirstStart({ id }: EventRecord, session: string): Promise<boolean> {
    const all = await this.store.read.events({ session, after: 0, limit: eventsPerBatch });
    return all.find(({ type }) => type === 'job.running')?.id === id;
  }

  private async send(delivery: Delivery): Promise<void> {
    const { id, session, url, token, body } = delivery;
    try {
      const mayBePrivate = (host: string) => isAllowed(host, this.settings.privateHosts);
      const status = await post(url, body, token, mayBePrivate, this.stopping.signal);
      if (status >= 200 && status < 300) {
        await this.commands.run(({ tx }) => nexosisStore(tx).deliveries.remove(id));
        return;
      }
      await this.retry(delivery, `it answered ${status}`);
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      if (!(error instanceof PrivateAddress)) return this.retry(delivery, why);
      await this.giveUp(id, session, `The webhook to ${url} was not sent: ${why}.`);
    }
  }

  private async retry({ id, session, url, attempts }: Delivery, why: string): Promise<void> {
    const delay = retryDelays[attempts];
    this.logger.debug({ msg: `A webhook failed: ${why}`, session, attempt: attempts + 1 });
    if (delay === undefined)
      return this.giveUp(
        id,
        session,
        `The webhook to ${url} was given up after ${attempts + 1} tries: ${why}.`,
      );
    const dueAt = this.clock.now() + delay;
    await this.commands.run(({ tx }) => nexosisStore(tx).deliveries.postpone(id, attempts + 1, dueAt));
  }

  private giveUp(id: number, session: string, message: string): Promise<void> {
    return this.commands.run(async ({ tx }) => {
      await nexosisStore(tx).deliveries.remove(id);
      // Remove the delivery even if the session cannot be read. Otherwise it would be tried forever.
      await nexosisStore(tx)
        .sessions.addMessage(session, { severity: 'warning', message })
        .catch(logUnreadable);
    });
  }
}

/** Returns the session as it was at an event. Its status may have changed since. */
function atTime(session: LearnSessionView, { type, at }: EventRecord): LearnSessionView {
  return type === 'job.running' ? { ...session, jobState: 'running', startedAt: at, endedAt: null } : session;
}

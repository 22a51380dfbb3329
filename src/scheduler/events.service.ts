import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import type { Observable, Subscription } from 'rxjs';
import type { Millis } from '../kernel/time.js';
import { Commands } from './commands.service.js';
import { STORE, type EventFilter, type EventRecord, type Store } from './ports.js';

/** The most events in one read. A follower that is behind reads again at once. */
const mostPerRead = 200;
/** Milliseconds between two reads of a follower that has caught up. */
const burst = 20;

/** The event log: every change of a session or a job, with cause, actor, due time and processing time. */
@Injectable()
export class EventsService {
  constructor(
    private readonly commands: Commands,
    @Inject(STORE) private readonly store: Store,
  ) {}

  list(filter: EventFilter): Promise<EventRecord[]> {
    return this.store.read.events(filter);
  }

  /** Returns the id of the last event. Someone who starts to follow now has seen everything up to it. */
  last(): Promise<number> {
    return this.store.read.lastEvent();
  }

  /**
   * Yields pages of all events after `after`, then of new ones, in order and each once, until `disconnected` aborts. An
   * empty page means that no event came for `silence` milliseconds. A page is read only when it is requested. `goodFor`
   * returns for how many milliseconds the reader may go on; at 0 the pages end.
   */
  async *follow(
    filter: Omit<EventFilter, 'limit'>,
    silence: number,
    disconnected: AbortSignal,
    goodFor: () => Promise<Millis> = () => Promise.resolve(Infinity),
  ): AsyncGenerator<EventRecord[], void> {
    let lastSeen = filter.after;
    const news = new News(this.commands.changes, disconnected);
    try {
      let silentUntil = performance.now() + silence;
      while (!disconnected.aborted) {
        news.isRead();
        const page = await this.list({ ...filter, after: lastSeen, limit: mostPerRead });
        const remaining = await goodFor();
        if (remaining <= 0) return;
        lastSeen = page.at(-1)?.id ?? lastSeen;
        if (page.length > 0 || performance.now() >= silentUntil) {
          yield page;
          silentUntil = performance.now() + silence;
        }
        if (page.length < mostPerRead) await news.wait(Math.min(silentUntil, performance.now() + remaining));
      }
    } finally {
      news.end();
    }
  }
}

/** Reports whether the log has grown since the last read. */
class News {
  private unread = false;
  private readAt = 0;
  private wake: () => void = () => undefined;
  private readonly subscription: Subscription;

  constructor(
    changes: Observable<void>,
    private readonly disconnected: AbortSignal,
  ) {
    this.subscription = changes.subscribe(() => {
      this.unread = true;
      this.wake();
    });
    disconnected.addEventListener('abort', () => this.wake(), { once: true });
  }

  isRead(): void {
    this.unread = false;
    this.readAt = performance.now();
  }

  /** Resolves when there is something to read, at `until`, or when the reader disconnects. */
  async wait(until: number): Promise<void> {
    if (!this.unread && !this.disconnected.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, until - performance.now()));
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    // Read a burst of changes together.
    if (this.unread) await pause(Math.max(0, this.readAt + burst - performance.now()));
  }

  end(): void {
    this.subscription.unsubscribe();
  }
}

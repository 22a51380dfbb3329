import { Inject, Injectable } from '@nestjs/common';
import { concatMap, EMPTY, expand, from, mergeMap, startWith, throttleTime, type Observable } from 'rxjs';
import { Commands } from './commands.service.js';
import { STORE, type EventFilter, type EventRecord, type Store } from './ports.js';

/** One read takes at most this many; a follower that is behind reads again at once. */
const mostPerRead = 200;

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

  /** What has happened up to now has been seen by someone who starts to follow now. */
  last(): Promise<number> {
    return this.store.read.lastEvent();
  }

  /** Everything after `after`, then everything that comes, in order and each once. */
  follow(filter: Omit<EventFilter, 'limit'>): Observable<EventRecord> {
    let seen = filter.after;
    const read = () => from(this.list({ ...filter, after: seen, limit: mostPerRead }));
    return this.commands.changes.pipe(
      startWith(undefined),
      // A burst of changes is read together; the last of them is never missed.
      throttleTime(20, undefined, { leading: true, trailing: true }),
      concatMap(() => read().pipe(expand((page) => (advance(page).length === mostPerRead ? read() : EMPTY)))),
      mergeMap((page) => from(page)),
    );

    function advance(page: EventRecord[]): EventRecord[] {
      seen = page.at(-1)?.id ?? seen;
      return page;
    }
  }
}

import type { DeadlineKind } from '../session/session.deadline.js';
import { deadlineRank } from '../session/session.deadline.js';
import type { Millis } from '../time.js';

/** A future event: when it happens, to whom, and its kind, which orders events at the same moment. */
export interface FutureEvent<T> {
  readonly at: Millis;
  readonly kind: DeadlineKind;
  readonly subject: T;
}

/**
 * A priority queue of future events. Events at the same moment come in the order in which the service applies
 * deadlines.
 */
export class EventQueue<T> {
  private readonly heap: FutureEvent<T>[] = [];

  get next(): Millis {
    return this.heap[0]?.at ?? Infinity;
  }

  add(appointment: FutureEvent<T>): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(appointment);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(appointment, heap[above])) break;
      heap[at] = heap[above] as FutureEvent<T>;
      at = above;
    }
    heap[at] = appointment;
  }

  take(): FutureEvent<T> | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.sink(last);
    return first;
  }

  /** Moves `event` down from the root of the heap to its place. */
  private sink(event: FutureEvent<T>): void {
    const { heap } = this;
    let at = 0;
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, heap[below])) below += 1;
      const least = heap[below] as FutureEvent<T>;
      if (!isBefore(least, event)) break;
      heap[at] = least;
      at = below;
    }
    heap[at] = event;
  }
}

function isBefore<T>(a: FutureEvent<T>, b: FutureEvent<T> | undefined): boolean {
  if (b === undefined) return true;
  return a.at !== b.at ? a.at < b.at : deadlineRank[a.kind] < deadlineRank[b.kind];
}

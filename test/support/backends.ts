import fc from 'fast-check';
import type { GivenBackend } from './given.js';

export const instances = ['lab-a', 'lab-b', 'lab-c'] as const;
const slotKinds = ['shared', 'shared', 'held', 'closing', 'reserved', 'stale'] as const;
type Sessions = Record<string, NonNullable<GivenBackend['sessions']>[string]>;

/**
 * Makes a consistent backend: holders are dedicated, reservations are for waiting sessions, and no slot is overfull.
 */
export const backends: fc.Arbitrary<GivenBackend> = fc
  .record({
    status: fc.constantFrom('online', 'online', 'online', 'paused', 'offline'),
    lanes: fc.integer({ min: 1, max: 3 }),
    slots: fc.array(
      fc.record({ kind: fc.constantFrom(...slotKinds), running: fc.nat(3), queued: fc.nat(4) }),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
    sessions: fc.array(
      fc.record({
        mode: fc.constantFrom('dedicated', 'batch'),
        state: fc.constantFrom('open', 'active', 'inactive'),
        instance: fc.constantFrom(...instances),
        queued: fc.nat(4),
      }),
      { maxLength: 5 },
    ),
    alone: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
    charged: fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5)),
    shares: fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
    ),
    order: fc.shuffledSubarray(
      Array.from({ length: 60 }, (_, i) => i + 1),
      { minLength: 60 },
    ),
  })
  .map(({ status, lanes, slots, sessions, alone, charged, shares, order }) => {
    const next = order[Symbol.iterator]();
    const numbers = (n: number) =>
      Array.from({ length: n }, () => next.next().value as number).sort((a, b) => a - b);
    const all: Sessions = {};
    sessions.forEach(({ mode, state, instance, queued }, i) => {
      // Active dedicated sessions hold a slot, so they are made with the slots below.
      const possible = mode === 'dedicated' && state === 'active' ? 'inactive' : state;
      all[`s${i}`] = { mode, state: possible, instance, queue: numbers(queued) };
    });
    const placed = slots.map(({ kind, running: wanted, queued }, i) => {
      const id = `slot${i}`;
      const running = Math.min(lanes, wanted);
      if (kind === 'shared') return { running };
      if (kind === 'held') all[id] = { mode: 'dedicated', state: 'active', queue: numbers(queued) };
      if (kind === 'closing') all[id] = { mode: 'dedicated', state: 'closed', queue: [] };
      if (kind === 'reserved') all[id] = { mode: 'dedicated', state: 'open', queue: numbers(queued + 1) };
      if (kind === 'stale') all[id] = { mode: 'dedicated', state: 'open', queue: [] };
      const holds = kind === 'held' || kind === 'closing';
      return holds
        ? { running: kind === 'closing' ? Math.max(1, running) : running, holder: id }
        : { running, reservedFor: id };
    });
    return {
      status: status as GivenBackend['status'],
      lanes,
      slots: placed,
      sessions: all,
      alone: Object.fromEntries(instances.map((id, i) => [id, numbers(alone[i] ?? 0)])),
      instances: Object.fromEntries(
        instances.map((id, i) => [id, { charged: charged[i], shares: shares[i] }]),
      ),
    };
  });

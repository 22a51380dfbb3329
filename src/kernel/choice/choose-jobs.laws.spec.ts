import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backends } from '../../../test/support/backends.js';
import { givenSnapshot } from '../../../test/support/given.js';
import { chooseJobs } from './choose-jobs.js';
import type { Choice, Snapshot } from './snapshot.js';

/** Returns the backend after applying the choice step by step. Throws if a step breaks a hold or a session's order. */
function carryOut(snapshot: Snapshot, { starts, reservations }: Choice) {
  const slots = snapshot.slots.map((slot) => ({ ...slot }));
  const queues = new Map([...snapshot.sessions].map(([id, { queue }]) => [id, queue.map((job) => job.id)]));
  const alone = snapshot.instances.flatMap(({ waiting }) =>
    waiting.flatMap((entry) => ('job' in entry ? [entry.job.id] : [])),
  );
  for (const { job, session, slot: index } of starts) {
    const slot = slots[index];
    if (slot === undefined) throw new Error(`There is no slot ${index}.`);
    if (slot.holder !== null && slot.holder !== session)
      throw new Error(`${job} is foreign on slot ${index}.`);
    const queue = session === null ? alone : (queues.get(session) ?? []);
    const place = queue.indexOf(job);
    if (place < 0 || (session !== null && place > 0)) throw new Error(`${job} was not next.`);
    queue.splice(place, 1);
    slot.running += 1;
    const view = session === null ? undefined : snapshot.sessions.get(session);
    if (view?.mode === 'dedicated') {
      if (slot.holder === null && slot.running > 1)
        throw new Error(`${job} takes slot ${index}, which is not empty.`);
      slot.holder = view.id;
    }
  }
  for (const { slot, session } of reservations) {
    const reserved = slots[slot];
    if (reserved !== undefined) reserved.reservedFor = session;
  }
  return { slots, queues, alone };
}

const always = (law: (snapshot: Snapshot, choice: Choice) => void) =>
  fc.assert(
    fc.property(backends, (given) => {
      const snapshot = givenSnapshot(given);
      law(snapshot, chooseJobs(snapshot));
    }),
    { numRuns: 500 },
  );

describe('laws of the choice', () => {
  it('no slot runs more jobs than it has lanes', () =>
    always((snapshot, choice) => {
      for (const { running } of carryOut(snapshot, choice).slots) {
        expect(running).toBeLessThanOrEqual(snapshot.backend.lanes);
      }
    }));

  it("a held slot runs only its session's jobs, sessions keep their order, and each start is a different queued job", () =>
    always((snapshot, choice) => {
      expect(() => carryOut(snapshot, choice)).not.toThrow();
    }));

  it('a backend that is not online starts nothing', () =>
    always((snapshot, { starts }) => {
      if (snapshot.backend.status !== 'online') expect(starts).toEqual([]);
    }));

  it('no session holds or reserves two slots', () =>
    always((snapshot, choice) => {
      const owners = carryOut(snapshot, choice).slots.flatMap(({ holder, reservedFor }) => [
        holder,
        reservedFor,
      ]);
      const named = owners.filter((owner) => owner !== null);
      expect(new Set(named).size).toBe(named.length);
    }));

  it('no job waits while a lane that it may use is free', () =>
    always((snapshot, choice) => {
      if (snapshot.backend.status !== 'online') return;
      const { slots, queues, alone } = carryOut(snapshot, choice);
      const left = (id: string | null) => queues.get(id ?? '') ?? [];
      const free = slots.filter(({ running }) => running < snapshot.backend.lanes);
      for (const { holder, reservedFor, running } of free) {
        if (holder !== null) expect(left(holder)).toEqual([]);
        else if (reservedFor !== null) expect(running).toBeGreaterThan(0);
      }
      if (free.every(({ holder, reservedFor }) => holder !== null || reservedFor !== null)) return;
      expect(alone).toEqual([]);
      for (const { id, mode } of snapshot.sessions.values()) {
        const elsewhere = slots.some(({ holder, reservedFor }) => holder === id || reservedFor === id);
        if (mode === 'batch' || !elsewhere) expect(left(id)).toEqual([]);
      }
    }));

  it('the choice is deterministic and does not change the snapshot', () =>
    always((snapshot, choice) => {
      const before = JSON.stringify([snapshot, [...snapshot.sessions]]);
      expect(chooseJobs(snapshot)).toEqual(choice);
      expect(JSON.stringify([snapshot, [...snapshot.sessions]])).toBe(before);
    }));

  it('the choice needs no more of each queue than there are free lanes', () =>
    always((snapshot, choice) => {
      const { lanes } = snapshot.backend;
      const free = snapshot.slots.reduce((sum, { running }) => sum + lanes - running, 0);
      const cut = [...snapshot.sessions].map(([id, view]) => {
        return [id, { ...view, queue: view.queue.slice(0, Math.max(1, free)) }] as const;
      });
      const waiting = free + snapshot.slots.length;
      const heads = snapshot.instances.map((each) => ({ ...each, waiting: each.waiting.slice(0, waiting) }));
      const batches = snapshot.batches.slice(0, free);
      expect(chooseJobs({ ...snapshot, sessions: new Map(cut), instances: heads, batches })).toEqual(choice);
    }));
});

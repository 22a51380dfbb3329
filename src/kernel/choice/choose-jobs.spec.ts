import { describe, expect, it } from '@jest/globals';
import { givenSnapshot, type GivenBackend } from '../../../test/support/given.js';
import { chooseJobs } from './choose-jobs.js';

/** Returns the starts in order, as `job@slot`, then the changed reservations, as `slot=session`. */
function choice(given: GivenBackend): string {
  const { starts, reservations } = chooseJobs(givenSnapshot(given));
  return [
    ...starts.map(({ job, slot }) => `${job}@${slot}`),
    ...reservations.map(({ slot, session }) => `${slot}=${session ?? 'free'}`),
  ].join(' ');
}
const dedicated = (
  queue: number[],
  state: 'open' | 'active' | 'inactive' | 'closed' = 'open',
  instance = 'lab-a',
) => {
  return { mode: 'dedicated' as const, state, queue, instance };
};
const batch = (queue: number[], state: 'open' | 'active' | 'inactive' = 'open', instance = 'lab-a') => {
  return { mode: 'batch' as const, state, queue, instance };
};

describe('a backend that is not online', () => {
  it.each(['paused', 'offline'] as const)('starts nothing while %s', (status) => {
    const sessions = { d: dedicated([1], 'active'), b: batch([2], 'active') };
    expect(choice({ status, slots: [{ holder: 'd' }, {}], sessions, alone: { 'lab-a': [3] } })).toBe('');
  });

  it('still drops a reservation that has ended', () => {
    expect(
      choice({ status: 'paused', slots: [{ running: 1, reservedFor: 'd' }], sessions: { d: dedicated([]) } }),
    ).toBe('0=free');
  });
});

describe('a held slot', () => {
  it("runs its session's jobs in submission order, up to its lanes", () => {
    expect(
      choice({ lanes: 2, slots: [{ holder: 'd' }], sessions: { d: dedicated([4, 6, 9], 'active') } }),
    ).toBe('j4@0 j6@0');
  });

  it('runs no other jobs, even while idle', () => {
    const sessions = { d: dedicated([], 'active'), b: batch([1], 'active'), e: dedicated([2]) };
    expect(choice({ slots: [{ holder: 'd' }], sessions, alone: { 'lab-b': [3] } })).toBe('');
  });

  it("takes no other jobs while a closed session's last job still runs", () => {
    const sessions = { d: dedicated([], 'closed') };
    expect(
      choice({ lanes: 2, slots: [{ holder: 'd', running: 1 }], sessions, alone: { 'lab-b': [3] } }),
    ).toBe('');
  });
});

describe('a reservation', () => {
  it('lets no job start on the slot until it is empty, not even of active batches', () => {
    const sessions = { d: dedicated([5]), b: batch([1], 'active') };
    const slots = [{ running: 1, reservedFor: 'd' }];
    expect(choice({ lanes: 2, slots, sessions, alone: { 'lab-b': [2] } })).toBe('');
  });

  it('becomes a hold once the slot is empty, with all lanes for its session', () => {
    const sessions = { d: dedicated([5, 6, 7]), b: batch([1], 'active') };
    expect(choice({ lanes: 2, slots: [{ reservedFor: 'd' }], sessions })).toBe('j5@0 j6@0 0=free');
  });

  it('ends with the last queued job of its session, and the slot is usable at once', () => {
    const slots = [{ running: 1, reservedFor: 'd' }];
    expect(choice({ lanes: 2, slots, sessions: { d: dedicated([]) }, alone: { 'lab-b': [2] } })).toBe(
      'j2@0 0=free',
    );
  });

  it('ends when its session no longer exists', () => {
    expect(choice({ lanes: 2, slots: [{ running: 1, reservedFor: 'gone' }] })).toBe('0=free');
  });

  it('goes to the slot with a free lane and the fewest running jobs', () => {
    const slots = [{ running: 3 }, { running: 2 }, { running: 1 }];
    expect(choice({ lanes: 3, slots, sessions: { d: dedicated([5]) } })).toBe('2=d');
  });

  it('goes to the slot with the lowest number on a tie', () => {
    expect(
      choice({ lanes: 2, slots: [{ running: 1 }, { running: 1 }], sessions: { d: dedicated([5]) } }),
    ).toBe('0=d');
  });

  it('is not made while no lane is free', () => {
    expect(choice({ lanes: 2, slots: [{ running: 2 }], sessions: { d: dedicated([5]) } })).toBe('');
  });

  it('is not made before its session is at the head of the queue', () => {
    const slots = [{ running: 1 }];
    expect(choice({ lanes: 2, slots, sessions: { d: dedicated([5]) }, alone: { 'lab-b': [4] } })).toBe(
      'j4@0',
    );
  });

  it('leaves the remaining slots to the rest of the queue', () => {
    const slots = [{ running: 1 }, { running: 2 }];
    expect(choice({ lanes: 3, slots, sessions: { d: dedicated([1]) }, alone: { 'lab-b': [2, 3] } })).toBe(
      'j2@1 0=d',
    );
  });

  it('is made once: a waiting session does not get a second slot', () => {
    const slots = [{ running: 1, reservedFor: 'd' }, { running: 1 }];
    expect(choice({ lanes: 2, slots, sessions: { d: dedicated([1]) }, alone: { 'lab-b': [2] } })).toBe(
      'j2@1',
    );
  });

  it('is on a separate slot for each session', () => {
    const slots = [{ running: 1 }, { running: 1 }];
    expect(choice({ lanes: 2, slots, sessions: { d: dedicated([1]), e: dedicated([2]) } })).toBe('0=d 1=e');
  });
});

describe('active batches', () => {
  it('go before the general queue, whatever their instance was charged', () => {
    const instances = { 'lab-a': { charged: 1000 } };
    expect(choice({ sessions: { b: batch([9], 'active') }, alone: { 'lab-b': [1] }, instances })).toBe(
      'j9@0',
    );
  });

  it('start the oldest activation first, and within a batch in submission order', () => {
    const sessions = { older: batch([8, 9], 'active'), newer: batch([1, 2], 'active') };
    expect(choice({ lanes: 3, sessions })).toBe('j8@0 j9@0 j1@0');
  });

  it('leave unused lanes to other jobs', () => {
    expect(choice({ lanes: 2, sessions: { b: batch([9], 'active') }, alone: { 'lab-b': [1] } })).toBe(
      'j9@0 j1@0',
    );
  });

  it('include one that has just become active: its next job goes before older jobs of the general queue', () => {
    const sessions = { b: batch([1, 9], 'open') };
    expect(choice({ lanes: 2, sessions, alone: { 'lab-b': [2] } })).toBe('j1@0 j9@0');
  });

  it('go before a batch that has just become active', () => {
    const sessions = { b: batch([1, 2], 'inactive'), c: batch([8], 'active') };
    expect(choice({ lanes: 3, sessions })).toBe('j8@0 j1@0 j2@0');
  });
});

describe('the general queue', () => {
  const alone = { 'lab-a': [1, 2], 'lab-b': [3, 4] };

  it('is in submission order while no instance has been charged', () => {
    expect(choice({ lanes: 3, alone: { 'lab-a': [1, 4], 'lab-b': [2, 3] } })).toBe('j1@0 j2@0 j3@0');
  });

  it('puts the instance with the least charged time first', () => {
    expect(choice({ alone, instances: { 'lab-a': { charged: 1 } } })).toBe('j3@0');
  });

  it('divides the charged time by the shares', () => {
    const instances = { 'lab-a': { charged: 100, shares: 3 }, 'lab-b': { charged: 50, shares: 1 } };
    expect(choice({ alone, instances })).toBe('j1@0');
  });

  it('is in submission order when the charged time per share is equal', () => {
    const instances = { 'lab-a': { charged: 100, shares: 2 }, 'lab-b': { charged: 50, shares: 1 } };
    expect(choice({ alone: { 'lab-a': [4], 'lab-b': [3] }, instances })).toBe('j3@0');
  });

  it('treats lone jobs, first jobs of open sessions and jobs of inactive sessions alike', () => {
    const sessions = { open: batch([2]), back: batch([1], 'inactive') };
    expect(choice({ lanes: 3, sessions, alone: { 'lab-a': [3] } })).toBe('j1@0 j2@0 j3@0');
  });

  it('gives a dedicated session the empty slot with the lowest number', () => {
    expect(choice({ lanes: 2, slots: [{ running: 1 }, {}, {}], sessions: { d: dedicated([1]) } })).toBe(
      'j1@1',
    );
  });

  it('gives all lanes of a slot to the dedicated session that has just become active on it', () => {
    const sessions = { d: dedicated([1, 5], 'inactive') };
    expect(choice({ lanes: 3, sessions, alone: { 'lab-b': [2] } })).toBe('j1@0 j5@0');
  });

  it('fills the fullest slot that has a free lane, to keep slots empty', () => {
    const slots = [{}, { running: 1 }, { running: 2 }, { running: 3 }];
    expect(choice({ lanes: 3, slots, alone: { 'lab-a': [1, 2, 3] } })).toBe('j1@2 j2@1 j3@1');
  });

  it('fills the slot with the lowest number among equally full ones', () => {
    expect(choice({ lanes: 2, slots: [{}, {}], alone: { 'lab-a': [1, 2, 3] } })).toBe('j1@0 j2@0 j3@1');
  });

  it('uses several slots: one for shared jobs, the others for dedicated sessions', () => {
    const sessions = { d: dedicated([2]), b: batch([1, 4]), e: dedicated([5]) };
    expect(choice({ lanes: 2, slots: [{}, {}, {}], sessions, alone: { 'lab-a': [3] } })).toBe(
      'j1@0 j4@0 j2@1 j3@2 2=e',
    );
  });
});

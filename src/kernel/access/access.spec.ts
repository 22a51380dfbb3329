import { describe, expect, it } from '@jest/globals';
import { mayEnd, mayRead, maySee, mayUse, sharings, type Actor } from './access.js';

const actor = (user: string, instance: string, role: Actor['role'] = 'user'): Actor => {
  return { tokenId: 't1', user, role, instance: { id: instance, name: instance, crn: `crn:${instance}` } };
};
const of = { instance: 'lab-a', user: 'alice' };

/** The rights of `who`; `read` and `use` under each sharing, in the order of `sharings`. */
const rights = (who: Actor, owned: { instance: string; user: string; chargedTo?: string }) => ({
  see: maySee(who, owned),
  end: mayEnd(who, owned),
  read: sharings.map((sharing) => mayRead(who, owned, sharing)),
  use: sharings.map((sharing) => mayUse(who, owned, sharing)),
});
const all = { see: true, end: true, read: [true, true, true], use: [true, true, true] };
const none = { see: false, end: false, read: [false, false, false], use: [false, false, false] };

describe('access under the sharings private, see and use', () => {
  it.each([
    ['the owner', actor('alice', 'lab-a'), all],
    [
      'a colleague of the same instance',
      actor('bob', 'lab-a'),
      { see: true, end: false, read: [false, true, true], use: [false, false, true] },
    ],
    ['someone of the same name in another instance', actor('alice', 'lab-b'), none],
    ['an admin', actor('root', 'ops', 'admin'), all],
  ])('%s', (_, who, may) => {
    expect(rights(who, of)).toEqual(may);
  });

  it('a job in another user’s session belongs to its submitter and to the session’s owner', () => {
    const owned = { ...of, chargedTo: 'carol' };
    expect([rights(actor('alice', 'lab-a'), owned), rights(actor('carol', 'lab-a'), owned)]).toEqual([
      all,
      all,
    ]);
    expect(rights(actor('carol', 'lab-b'), owned)).toEqual(none);
  });
});

import { describe, expect, it } from '@jest/globals';
import { mayEnd, maySee, type Actor } from './access.js';

const actor = (user: string, instance: string, role: Actor['role'] = 'user'): Actor => {
  return { tokenId: 't1', user, role, instance: { id: instance, name: instance, crn: `crn:${instance}` } };
};
const of = { instance: 'lab-a', user: 'alice' };

describe('access', () => {
  it.each([
    ['the owner', actor('alice', 'lab-a'), true, true],
    ['a colleague of the same instance', actor('bob', 'lab-a'), true, false],
    ['a user of another instance', actor('alice', 'lab-b'), false, false],
    ['an admin', actor('root', 'ops', 'admin'), true, true],
  ])('%s: sees %s, closes and cancels %s', (_, who, sees, ends) => {
    expect([maySee(who, of), mayEnd(who, of)]).toEqual([sees, ends]);
  });
});

import { expect, it } from '@jest/globals';
import type { Reads } from '../../src/scheduler/ports.js';
import { after, t0 } from '../support/given.js';
import { givenBackend, givenInstance } from '../support/stored.js';
import type { SuiteOf } from './methods.js';
import { givenToken } from './operators.suite.js';

type OperatorsReads = Pick<
  Reads,
  'backend' | 'backends' | 'instance' | 'instanceByCrn' | 'instances' | 'token' | 'tokenByHash' | 'tokens'
>;

export const operatorsReadsSuite: SuiteOf<OperatorsReads> = {
  backend(given) {
    it('returns the backend by its name, or null', async () => {
      const { read } = await given();
      expect(await read.backend('b2')).toEqual(givenBackend({ name: 'b2' }));
      expect(await read.backend('b3')).toBeNull();
    });
  },

  backends(given) {
    it('returns all of them, the oldest first, then by name', async () => {
      const { read, write } = await given();
      await write(async ({ backends }) => {
        await backends.insert(givenBackend({ name: 'a1', createdAt: t0 + 1 }));
        await backends.insert(givenBackend({ name: 'z1', createdAt: t0 - 1 }));
        await backends.insert(givenBackend({ name: 'b0' }));
      });
      expect((await read.backends()).map(({ name }) => name)).toEqual(['z1', 'b0', 'b1', 'b2', 'a1']);
    });
  },

  instance(given) {
    it('returns the instance by its id, or null', async () => {
      const { read } = await given();
      expect(await read.instance('lab-b')).toEqual(givenInstance({ id: 'lab-b' }));
      expect(await read.instance('lab-c')).toBeNull();
    });
  },

  instanceByCrn(given) {
    it('returns the instance by its CRN, or null', async () => {
      const { read } = await given();
      expect((await read.instanceByCrn('crn:lab-b'))?.id).toBe('lab-b');
      expect(await read.instanceByCrn('lab-b')).toBeNull();
    });
  },

  instances(given) {
    it('returns all of them, the oldest first, then by id', async () => {
      const { read, write } = await given();
      await write(async ({ instances }) => {
        await instances.insert(givenInstance({ id: 'a', createdAt: t0 + 1 }));
        await instances.insert(givenInstance({ id: 'z', createdAt: t0 - 1 }));
        await instances.insert(givenInstance({ id: 'lab-0' }));
      });
      expect((await read.instances()).map(({ id }) => id)).toEqual(['z', 'lab-0', 'lab-a', 'lab-b', 'a']);
    });
  },

  token(given) {
    it('returns the token by its id, or null', async () => {
      const { read, write } = await given();
      await write((tx) => tx.tokens.insert(givenToken()));
      expect(await read.token('t1')).toEqual(givenToken());
      expect(await read.token('h1')).toBeNull();
    });
  },

  tokenByHash(given) {
    it('returns the token by its hash, revoked or not, or null', async () => {
      const { read, write } = await given();
      await write((tx) => tx.tokens.insert(givenToken()));
      await write((tx) => tx.tokens.revoke('t1', after(1)));
      expect((await read.tokenByHash('h1'))?.revokedAt).toBe(after(1));
      expect(await read.tokenByHash('t1')).toBeNull();
    });
  },

  tokens(given) {
    it('returns all of them, the oldest first, then by id', async () => {
      const { read, write } = await given();
      for (const [id, at] of [
        ['b', 1],
        ['c', 0],
        ['a', 1],
      ] as const)
        await write((tx) => tx.tokens.insert(givenToken({ id, hash: id, createdAt: after(at) })));
      expect((await read.tokens()).map(({ id }) => id)).toEqual(['c', 'a', 'b']);
    });
  },
};

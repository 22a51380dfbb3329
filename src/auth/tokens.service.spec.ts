import { describe, expect, it } from '@jest/globals';
import { InstancesService } from '../scheduler/instances.service.js';
import { givenService } from '../../test/support/scheduler.js';
import { t0 } from '../../test/support/given.js';
import { TokenCache } from './token-cache.js';
import { TokensService } from './tokens.service.js';

const alice = { user: 'alice', instance: 'lab-a', role: 'user', expiresAt: null } as const;

async function givenTokens() {
  const service = await givenService();
  const { store, clock, commands } = service;
  const settings = { fairShareWindow: 0, defaultBackend: null };
  let looks = 0;
  const counted = {
    ...store.read,
    tokenByHash: (hash: string) => ((looks += 1), store.read.tokenByHash(hash)),
  };
  const observed = { read: counted, write: store.write.bind(store) } as typeof store;
  const instances = new InstancesService(commands, store, clock, settings);
  const ids = { uuid: () => crypto.randomUUID(), secret: () => 'a-secret' };
  const tokens = new TokensService(commands, instances, observed, clock, ids, new Uint8Array(32));
  return { ...service, tokens, looks: () => looks };
}

describe('tokens', () => {
  it('are looked up once, however often they are sent', async () => {
    const { tokens, looks } = await givenTokens();
    const { secret } = await tokens.create(alice);
    for (let i = 0; i < 3; i += 1) expect((await tokens.verify(secret))?.user).toBe('alice');
    expect(looks()).toBe(1);
  });

  it('that are unknown are looked up again, because they may have been created meanwhile', async () => {
    const { tokens } = await givenTokens();
    expect(await tokens.verify('stint_a-secret')).toBeNull();
    await tokens.create(alice);
    expect((await tokens.verify('stint_a-secret'))?.user).toBe('alice');
  });

  it('may start with the same letters as a bearer token', async () => {
    const { tokens } = await givenTokens();
    const chosen = 'eyes-on-the-road-eyes-on-the-road';
    await tokens.create(alice, chosen);
    expect((await tokens.verify(chosen))?.user).toBe('alice');
  });

  it('can be exchanged for bearer tokens, but bearer tokens cannot be exchanged', async () => {
    const { tokens } = await givenTokens();
    const { secret } = await tokens.create(alice);
    const bearer = (await tokens.exchange(secret))?.accessToken ?? '';
    expect(await tokens.exchange(bearer)).toBeNull();
  });

  it('are invalid as soon as they are revoked, and so are the bearer tokens made from them', async () => {
    const { tokens } = await givenTokens();
    const { token, secret } = await tokens.create(alice);
    const bearer = (await tokens.exchange(secret))?.accessToken ?? '';
    expect((await tokens.verify(bearer))?.id).toBe(token.id);
    await tokens.revoke(token.id);
    expect(await tokens.verify(secret)).toBeNull();
    expect(await tokens.verify(bearer)).toBeNull();
  });

  it('are valid until they expire, although they are cached', async () => {
    const { tokens, goTo } = await givenTokens();
    const { secret } = await tokens.create({ ...alice, expiresAt: t0 + 10_000 });
    await goTo(9.999);
    expect(await tokens.verify(secret)).not.toBeNull();
    await goTo(10);
    expect(await tokens.verify(secret)).toBeNull();
  });

  it('are refused for an instance other than their own', async () => {
    const { tokens } = await givenTokens();
    const { token } = await tokens.create(alice);
    await expect(tokens.actor(token, 'crn:other')).rejects.toMatchObject({ code: 'other_instance' });
    expect((await tokens.actor(token, undefined)).instance.name).toBe('lab-a');
  });
});

describe('the cache of tokens', () => {
  it('does not store a look-up during which a token changed', async () => {
    const cache = new TokenCache();
    const { tokens } = await givenTokens();
    const { token } = await tokens.create(alice);
    const found = { token, until: Infinity };
    const read = await cache.find('digest', () => {
      cache.forget();
      return Promise.resolve(found);
    });
    expect(read).toBe(found);
    expect(await cache.find('digest', () => Promise.resolve(null))).toBeNull();
  });
});

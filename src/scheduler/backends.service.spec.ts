import { describe, expect, it } from '@jest/globals';
import { alice, batch, dedicated, givenService, lasting } from '../../test/support/scheduler.js';
import { givenBackend } from '../../test/support/store.js';

describe('a backend with fewer slots than before', () => {
  const withSlots = (slots: number) => {
    const { name, driver, lanes, limits, onIdle, options } = givenBackend({ lanes: 2 });
    return { name, driver, lanes, limits, onIdle, options, slots };
  };

  it('keeps running the jobs of a session that holds a removed slot', async () => {
    const service = await givenService({ backend: { slots: 2 } });
    await service.submit({ session: (await service.sessions.open(alice, dedicated)).id, ...lasting(100) });
    const { id } = await service.sessions.open(alice, dedicated);
    await service.submit({ session: id, ...lasting(10) });
    await service.commands.run((unit) => service.backends.configure(unit, [withSlots(1)]));
    await service.goTo(20);
    const { id: next } = await service.submit({ session: id, ...lasting(10) });
    expect(await service.job(next)).toMatchObject({ state: 'running', slot: 1 });
  });

  it('does not report all slots as held while a session holds a removed slot and another is free', async () => {
    const service = await givenService({ backend: { slots: 2, lanes: 1 } });
    const [first, second] = [
      await service.sessions.open(alice, dedicated),
      await service.sessions.open(alice, dedicated),
    ];
    await service.submit({ session: first.id, ...lasting(10) });
    await service.submit({ session: second.id, ...lasting(100) });
    await service.sessions.setAccepting(alice, first.id, false);
    await service.commands.run((unit) => service.backends.configure(unit, [{ ...withSlots(1), lanes: 1 }]));
    await service.goTo(20);
    await service.submit(lasting(100));
    const { id } = await service.submit(lasting(1));
    expect(await service.jobs.place(await service.job(id))).toEqual({
      position: 1,
      reason: 'all lanes are busy',
    });
  });

  it('reserves no removed slot', async () => {
    const service = await givenService({ backend: { slots: 2, lanes: 2 } });
    const { id: shared } = await service.sessions.open(alice, batch);
    for (let i = 0; i < 3; i += 1) await service.submit({ session: shared, ...lasting(30) });
    const { id } = await service.sessions.open(alice, dedicated);
    await service.submit({ session: id });
    const backend = await service.backends.get('b1');
    expect(await service.backends.slots(backend)).toMatchObject([{}, { reservedFor: id }]);
    for (const slots of [1, 2]) {
      await service.commands.run((unit) => service.backends.configure(unit, [withSlots(slots)]));
    }
    expect(await service.backends.slots(backend)).toMatchObject([{}, { reservedFor: id }]);
    await service.commands.run((unit) => service.backends.configure(unit, [withSlots(1)]));
    await service.goTo(30);
    expect(await service.session(id)).toMatchObject({ state: 'active', slot: 0 });
    expect(await service.backends.slots(backend)).toMatchObject([{ holder: id }, { reservedFor: null }]);
  });
});

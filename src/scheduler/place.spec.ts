import { describe, expect, it } from '@jest/globals';
import { t0 } from '../../test/support/given.js';
import { seconds } from '../kernel/time.js';
import {
  alice,
  batch,
  dedicated,
  givenActor,
  givenService,
  lasting,
  type Service,
} from '../../test/support/scheduler.js';

/** The places of these jobs, in their order. */
const places = async (service: Service, ...jobs: { id: string }[]) =>
  Promise.all(
    jobs.map(async ({ id }) => (await service.jobs.place(await service.job(id)))?.position ?? null),
  );
const inSession = async (service: Service) => (await service.sessions.open(alice, dedicated)).id;

describe('the place in the queue', () => {
  it('counts a session with a reservation once', async () => {
    const service = await givenService({ backend: { lanes: 2 } });
    await service.submit(lasting(60));
    const promised = await service.submit({ session: await inSession(service), ...lasting(1) });
    const behind = await service.submit(lasting(1));
    expect(await places(service, promised, behind)).toEqual([1, 2]);
  });

  it('is separate for each job that waits in a held slot', async () => {
    const service = await givenService({ backend: { slots: 2 } });
    const [first, second] = [await inSession(service), await inSession(service)];
    for (const session of [first, second]) await service.submit({ session, ...lasting(60) });
    const waiting = [];
    for (const session of [second, first]) waiting.push(await service.submit({ session, ...lasting(1) }));
    expect(await places(service, ...waiting)).toEqual([2, 1]);
  });

  it('is that of its batch, and the batch whose first job started first goes first, even within one millisecond', async () => {
    const service = await givenService({ backend: { lanes: 2 } });
    const younger = (await service.sessions.open(alice, batch)).id;
    const older = (await service.sessions.open(alice, batch)).id;
    await service.submit({ session: older, ...lasting(10) });
    await service.submit({ session: younger, ...lasting(20) });
    const waiting = [];
    for (const session of [younger, older]) waiting.push(await service.submit({ session, ...lasting(5) }));
    const [last, first] = waiting;
    expect(await service.session(older)).toMatchObject({ activatedAt: t0 });
    expect(await service.session(younger)).toMatchObject({ activatedAt: t0 });
    expect(await places(service, ...waiting)).toEqual([2, 1]);
    await service.goTo(12);
    expect(await service.job(String(first?.id))).toMatchObject({ state: 'running' });
    expect(await service.job(String(last?.id))).toMatchObject({ state: 'queued' });
  });

  it('is behind the others while the budget is used up, and still distinct', async () => {
    const service = await givenService({
      instances: [{ budget: seconds(10) }, { id: 'lab-b', budget: null }],
    });
    await service.submit(lasting(60));
    const mine = [await service.submit(lasting(1)), await service.submit(lasting(1))];
    const bobs = await service.submit(lasting(1), givenActor('bob', 'lab-b'));
    await service.goTo(20);
    expect(await places(service, bobs, ...mine)).toEqual([1, 2, 3]);
  });

  it('follows submission order among instances with equal use of their shares', async () => {
    const service = await givenService({
      instances: [{}, { id: 'lab-b', shares: 2 }, { id: 'lab-c' }],
    });
    const [bob, carol] = [givenActor('bob', 'lab-b'), givenActor('carol', 'lab-c')];
    const order = [bob, alice, carol, bob, alice];
    await service.submit(lasting(60));
    const waiting = [];
    for (const actor of order) waiting.push(await service.submit(lasting(1), actor));
    const session = (await service.sessions.open(bob, batch)).id;
    for (const actor of [bob, carol, bob])
      waiting.push(await service.submit({ ...(actor === bob && { session }), ...lasting(1) }, actor));
    // A session has the place of its first job, with all its jobs.
    expect(await places(service, ...waiting)).toEqual([1, 2, 3, 4, 5, 6, 8, 7]);
  });

  it('names the instance that submitted earlier, after what is ahead by fair share', async () => {
    const service = await givenService({
      instances: [{}, { id: 'lab-b', name: 'lab-b' }, { id: 'lab-c', name: 'lab-c' }],
    });
    await service.submit(lasting(10));
    const [bob, carol] = [givenActor('bob', 'lab-b'), givenActor('carol', 'lab-c')];
    await service.submit(lasting(1), bob);
    const carols = await service.submit(lasting(1), carol);
    const late = await service.submit(lasting(1), alice);
    await service.goTo(5);
    const reason = async ({ id }: { id: string }) =>
      (await service.jobs.place(await service.job(id)))?.reason;
    expect(await reason(carols)).toBe(
      '1 job of instance lab-b goes first (the same share used, submitted earlier)',
    );
    expect(await reason(late)).toBe('2 jobs of 2 other instances go first (fair share)');
  });
});

import { describe, expect, it } from '@jest/globals';
import { after } from '../../test/support/given.js';
import { alice, dedicated, givenService, inSeconds, type Service } from '../../test/support/scheduler.js';

/** A service with one session whose interpreter is ready, on a backend with a process per session. */
async function withSession(request: object = {}) {
  const service = await givenService({ backend: { driver: 'spark', onIdle: 'close' } });
  const { id } = await service.sessions.open(alice, { ...dedicated, ...request });
  const starting = await service.submit({
    session: id,
    program: 'interpreter',
    params: '{}',
  });
  await service.runners.answer(starting.id, { type: 'completed', result: '{}' });
  return { service, id, starting: starting.id };
}
const statement = (service: Service, session: string) =>
  service.submit({ session, program: 'statement', params: '{}' });

/** Restarts a service that died when it was last alive. The interpreters in `alive` still run. */
async function restarted(dead: Service, at: number, alive: string[]): Promise<Service> {
  const service = await givenService({ folder: dead.folder, at });
  service.runners.alive = new Set(alive);
  await service.commands.recover();
  return service;
}
const end = (session: string, job: string, running: { job: string; token: string } | null) => ({
  ...{
    session,
    code: 'runner_lost' as const,
    reason: 'its interpreter died: x',
    running: running && { ...running, reason: 'Interpreter died:\nx' },
  },
  log: { job, stdout: ['out'], stderr: ['one', 'two'] },
});

describe('the process of a session', () => {
  it('is released when the session closes for any reason', async () => {
    const { service, id } = await withSession();
    await service.sessions.close(alice, id);
    expect(service.runners.released).toEqual([id]);
    const second = await withSession();
    await second.service.goTo(60);
    expect(second.service.runners.released).toEqual([second.id]);
  });

  it('that ended fails the running job, closes the session and frees the slot, in one change', async () => {
    const { service, id, starting } = await withSession();
    const [running, queued] = [await statement(service, id), await statement(service, id)];
    const token = service.runners.token(running.id);
    await service.goTo(10);
    await service.runners.end(end(id, starting, { job: running.id, token }));
    expect(await service.job(running.id)).toMatchObject({ state: 'failed', reason: 'Interpreter died:\nx' });
    expect(await service.job(queued.id)).toMatchObject({
      state: 'failed',
      endCode: 'session_closed',
      attempts: 0,
    });
    expect(await service.session(id)).toMatchObject({ state: 'closed', slot: null, closedAt: after(10) });
    expect(await service.store.read.logs(starting)).toMatchObject([
      { level: 'stdout', text: 'out' },
      { level: 'stderr', text: 'one\ntwo' },
    ]);
  });

  it('that ended while idle closes the session, and a late end of an attempt changes nothing', async () => {
    const { service, id, starting } = await withSession();
    const { id: job } = await statement(service, id);
    const token = service.runners.token(job);
    await service.runners.answer(job, { type: 'completed', result: '1' });
    await service.runners.end(end(id, starting, { job, token }));
    expect((await service.job(job)).state).toBe('completed');
    expect((await service.session(id)).state).toBe('closed');
  });
});

describe('a restart', () => {
  it('continues with a running interpreter: its job keeps its token and is sent again', async () => {
    const { service: before, id } = await withSession();
    const { id: job } = await statement(before, id);
    const { token } = await before.job(job);
    const service = await restarted(before, 100, [id]);
    expect(await service.job(job)).toMatchObject({
      state: 'running',
      token,
      attempts: 1,
      startedAt: after(0),
    });
    expect(service.runners.sent).toEqual([`start ${job}`]);
    await service.runners.answer(job, { type: 'completed', result: '1' });
    expect((await service.job(job)).state).toBe('completed');
  });

  it('sends a pending stop again', async () => {
    const { service: before, id } = await withSession();
    const { id: job } = await statement(before, id);
    await before.jobs.cancel(alice, job);
    const service = await restarted(before, 5, [id]);
    expect(service.runners.sent).toEqual([`start ${job}`, `stop ${job}`]);
  });

  it('closes a session whose interpreter ended, as of when the service was last alive', async () => {
    const { service: before, id } = await withSession();
    const { id: job } = await statement(before, id);
    await before.goTo(10);
    const service = await restarted(before, 30, []);
    expect((await service.job(job)).state).toBe('failed');
    expect(await service.session(id)).toMatchObject({
      ...{
        state: 'closed',
        closedAt: after(10),
        stateReason: 'its interpreter ended while the service was down',
      },
    });
    expect((await service.ledger()).map(({ from, to }) => [inSeconds(from), inSeconds(to)])).toEqual([
      [0, 10],
    ]);
  });

  it('releases an interpreter whose session expired meanwhile', async () => {
    const { service: before, id } = await withSession();
    const service = await restarted(before, 100, [id]);
    expect((await service.session(id)).closedAt).toBe(after(60));
    expect(service.runners.released).toContain(id);
  });

  it('expires no heartbeat for the time that the service was down', async () => {
    const { service: before, id } = await withSession({ heartbeatTtl: 20_000 });
    const service = await restarted(before, 50, [id]);
    await service.goTo(59);
    expect((await service.session(id)).state).toBe('active');
  });
});

describe('a heartbeat', () => {
  it('postpones the end of the session, to the millisecond', async () => {
    const { service, id } = await withSession({ heartbeatTtl: 20_000 });
    service.memory.clientSeen.set(id, after(15));
    await service.goTo(34.999);
    expect((await service.session(id)).state).toBe('active');
    await service.goTo(35);
    expect(await service.session(id)).toMatchObject({ state: 'closed', closedAt: after(35) });
  });

  it('is required while the session still waits', async () => {
    const { service } = await withSession();
    const { id } = await service.sessions.open(alice, { ...dedicated, heartbeatTtl: 20_000 });
    await service.submit({ session: id, program: 'interpreter', params: '{}' });
    await service.goTo(20);
    expect(await service.session(id)).toMatchObject({ state: 'closed', startedAt: null });
  });
});

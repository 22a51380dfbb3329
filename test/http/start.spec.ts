import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { TestService, type GivenConfig } from '../support/http.js';

const running = new Set<TestService>();
const folders = new Set<string>();
afterEach(async () => {
  for (const service of running) await service.close('keep');
  running.clear();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  folders.clear();
});

async function start(config: GivenConfig = {}, before?: TestService): Promise<TestService> {
  const service = await TestService.start(config, before?.folder);
  running.add(service);
  folders.add(service.folder);
  return service;
}
async function stop(service: TestService): Promise<void> {
  running.delete(service);
  await service.close('keep');
}
const isAdmin = async (service: TestService, token: string) =>
  (await service.as(token).get('/admin/tokens')).status === 200;

const [one, two] = ['the-first-configured-admin-token-0001', 'the-second-configured-admin-token-002'];

describe('the admin token', () => {
  it('that is not configured is generated and printed at the first start only', async () => {
    const first = await start({ admin_token: undefined });
    const token = first.service.newAdminToken ?? '';
    expect(token).toMatch(/^stint_[\w-]{43}$/);
    expect(await isAdmin(first, token)).toBe(true);
    await stop(first);
    const second = await start({ admin_token: undefined }, first);
    expect(second.service.newAdminToken).toBeNull();
    expect(await isAdmin(second, token)).toBe(true);
  });

  it('that is configured replaces the previous one, and is never printed', async () => {
    const first = await start({ admin_token: undefined });
    const made = first.service.newAdminToken ?? '';
    await stop(first);
    const second = await start({ admin_token: one }, first);
    expect(second.service.newAdminToken).toBeNull();
    expect([await isAdmin(second, made), await isAdmin(second, one)]).toEqual([false, true]);
    await stop(second);
    const third = await start({ admin_token: two }, first);
    expect([await isAdmin(third, one), await isAdmin(third, two)]).toEqual([false, true]);
  });

  it('that was revoked stays revoked even if it is still configured, but another one can be configured', async () => {
    const first = await start({ admin_token: one });
    const { tokens } = (await first.as(one).get('/admin/tokens')).body as { tokens: { id: string }[] };
    await first.as(one).delete(`/admin/tokens/${tokens[0]?.id}`);
    await stop(first);
    const second = await start({ admin_token: one }, first);
    expect(await isAdmin(second, one)).toBe(false);
    await stop(second);
    expect(await isAdmin(await start({ admin_token: two }, first), two)).toBe(true);
  });
});

describe("the service's clock", () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('does not go back if the time of the computer is set back, during a run or between two starts', async () => {
    const first = await start({ clock: 'real' });
    const { id } = (await first.admin.post('/sessions', { backend: 'b1' })).body as { id: string };
    const job = { program_id: 'scripted', backend: 'b1', session_id: id, params: { duration: 5000 } };
    const { id: running } = (await first.admin.post('/jobs', job)).body as { id: string };
    const used = async (service: TestService) => {
      const { body } = await service.admin.get(`/sessions/${id}`);
      return body.elapsed_time as number;
    };
    const before = await used(first);
    const systemNow = Date.now.bind(Date);
    jest.spyOn(Date, 'now').mockImplementation(() => systemNow() - 3_600_000);
    expect(await used(first)).toBeGreaterThanOrEqual(before);
    await first.admin.post(`/jobs/${running}/cancel`);
    const ended = await used(first);
    expect(ended).toBeGreaterThanOrEqual(before);
    await stop(first);
    const second = await start({ clock: 'real' }, first);
    expect(await used(second)).toBeGreaterThanOrEqual(ended);
    const { now } = (await second.admin.get('/admin/clock')).body as { now: string };
    expect(Date.parse(now)).toBeGreaterThanOrEqual(systemNow() - 60_000);
  });
});

describe('a data folder', () => {
  it('can be used by one service only, and a second one is refused', async () => {
    const first = await start({ admin_token: one });
    await expect(start({ admin_token: two }, first)).rejects.toThrow(
      /is in use by another Stint\. Stop that one, or choose another folder with STINT_DATA\./,
    );
    expect([await isAdmin(first, one), await isAdmin(first, two)]).toEqual([true, false]);
  });

  it('can be used again after its service has stopped', async () => {
    const first = await start({ admin_token: one });
    await stop(first);
    expect(await isAdmin(await start({ admin_token: one }, first), one)).toBe(true);
  });
});

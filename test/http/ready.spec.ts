import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DISK, type Disk } from '../../src/scheduler/disk.ports.js';
import { TestService } from '../support/http.js';

let stint: TestService;
let trouble: string | null = null;
beforeAll(async () => {
  stint = await TestService.start();
  stint.service.app.get<Disk>(DISK).trouble = () => Promise.resolve(trouble);
});
afterAll(() => stint.close());
const ask = (path: string) => stint.call('GET', `/health/${path}`, { token: null });

describe('a service whose disk is full', () => {
  it('is not ready (503 with the reason) until there is space again', async () => {
    trouble = 'The disk has 0 MB left.';
    expect(await ask('ready')).toMatchObject({
      status: 503,
      body: { status: 'unavailable', reason: 'The disk has 0 MB left.' },
    });
    trouble = null;
    expect(await ask('ready')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  it('is live, because a restart would not help', async () => {
    trouble = 'The disk has 0 MB left.';
    expect((await ask('live')).status).toBe(200);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../support/http.js';

let stint: TestService;
beforeAll(async () => (stint = await TestService.start()));
afterAll(() => stint.close());

describe('the Qiskit dialect', () => {
  it.each(['/api/v1', '/experimental/api/v1', '/v1'])('is served below %s', async (base) => {
    for (const path of ['/backends', '/sessions', '/jobs', '/instances/usage'])
      expect((await stint.call('GET', base + path)).status).toBe(200);
  });

  it('refers to the API description for an unknown path', async () => {
    const { status, body } = await stint.call('GET', '/');
    expect(status).toBe(404);
    expect(body.errors[0]).toMatchObject({ code: 1008, solution: expect.stringContaining('/api/v1/docs') });
  });
});

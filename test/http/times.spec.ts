import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorOf, TestService } from '../support/http.js';

let stint: TestService;
beforeAll(async () => {
  stint = await TestService.start();
});
afterAll(() => stint.close());

describe("properties of a device as they were before a time (the device's are of 2026-01-01T00:00:00Z)", () => {
  const known = async (before: string): Promise<boolean> => {
    const answer = await stint.admin.get(
      `/backends/line/properties?updated_before=${encodeURIComponent(before)}`,
    );
    expect(answer.status).toBe(200);
    return 'last_update_date' in (answer.body as object);
  };

  it.each([
    ['2026-01-01T00:00:00', true],
    ['2026-01-01', true],
    ['2025-12-31T23:59:59', false],
    ['2025-12-31T19:00:00-05:00', true],
    ['2025-12-31T18:59:59-05:00', false],
  ])('%s: %j', async (before, there) => {
    expect(await known(before)).toBe(there);
  });

  it.each([
    ['properties', 'updated_before'],
    ['properties', 'calibration_id'],
    ['configuration', 'calibration_id'],
  ])('of a device (%s) refuses %s that comes twice', async (what, name) => {
    const answer = await stint.admin.get(`/backends/line/${what}?${name}=2025-01-01&${name}=2026-01-01`);
    expect([answer.status, answer.body.errors[0].message]).toEqual([
      400,
      `${name} was sent 2 times. Send it once.`,
    ]);
  });

  it.each(['updated_befor=2025-01-01', 'Updated_Before=2025-01-01', 'calibration_ids=x'])(
    'are refused for a parameter that is nearly one: %s',
    async (query) => {
      const answer = await stint.admin.get(`/backends/line/properties?${query}`);
      expect(errorOf(answer)).toMatchObject({
        ...{ status: 400, code: 1002 },
        message: expect.stringMatching(/^There is no filter called /),
      });
    },
  );

  it('are refused for what is no time', async () => {
    const answer = await stint.admin.get('/backends/line/properties?updated_before=soon');
    expect(errorOf(answer)).toMatchObject({
      ...{ status: 400, code: 1002 },
      message: expect.stringMatching(/^updated_before must be a time in ISO 8601/),
    });
  });
});

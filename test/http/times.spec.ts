import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorOf, TestService } from '../support/http.js';

let stint: TestService;
beforeAll(async () => {
  stint = await TestService.start();
});
afterAll(() => stint.close());

describe('device properties of 2026-01-01T00:00:00Z, requested with updated_before', () => {
  const isFound = async (before: string): Promise<boolean> => {
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
  ])('%s, are found: %j', async (before, expected) => {
    expect(await isFound(before)).toBe(expected);
  });

  it.each([
    ['properties', 'updated_before'],
    ['properties', 'calibration_id'],
    ['configuration', 'calibration_id'],
  ])('(%s) are refused if %s is sent twice', async (what, name) => {
    const answer = await stint.admin.get(`/backends/line/${what}?${name}=2025-01-01&${name}=2026-01-01`);
    expect([answer.status, answer.body.errors[0].message]).toEqual([
      400,
      `${name} was sent 2 times. Send it once.`,
    ]);
  });

  it.each(['updated_befor=2025-01-01', 'Updated_Before=2025-01-01', 'calibration_ids=x'])(
    'are refused with the misspelt parameter %s',
    async (query) => {
      const answer = await stint.admin.get(`/backends/line/properties?${query}`);
      expect(errorOf(answer)).toMatchObject({
        ...{ status: 400, code: 1002 },
        message: expect.stringMatching(/^There is no filter called /),
      });
    },
  );

  it('are refused with an invalid time', async () => {
    const answer = await stint.admin.get('/backends/line/properties?updated_before=soon');
    expect(errorOf(answer)).toMatchObject({
      ...{ status: 400, code: 1002 },
      message: expect.stringMatching(/^updated_before must be a time in ISO 8601/),
    });
  });
});

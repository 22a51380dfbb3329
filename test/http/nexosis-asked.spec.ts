import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dayOf, givenNexosis, sales, type Account } from '../support/nexosis.js';
import type { TestService } from '../support/http.js';

let service: TestService;
let alice: Account;

beforeAll(async () => {
  ({ service, ...alice } = await givenNexosis());
});
afterAll(() => service.close());

describe('an impact', () => {
  // The 125th day of 2017 is Friday, 5 May.
  beforeAll(async () => {
    const { status } = await alice.putCsv('data/shop', sales(125));
    expect(status).toBe(201);
  });

  it.each([
    ['day', '2017-05-05T23:59:59.999', 200],
    ['day', '2017-05-06', 400],
    ['week', '2017-05-05', 200],
    ['week', '2017-05-06', 400],
    ['month', '2017-05-05', 200],
    ['month', '2017-05-31', 400],
    ['year', '2017-05-05', 200],
    ['year', '2017-12-31', 400],
    ['hour', '2017-05-05T00:59:59.999', 200],
    ['hour', '2017-05-05T01:00', 400],
  ])('by the %s that ends at %s answers %i: the data ends on 5 May', async (interval, end, status) => {
    const asked = { dataSourceName: 'shop', startDate: dayOf(100), endDate: end, resultInterval: interval };
    const { body, ...answer } = await alice.post('sessions/impact', { ...asked, eventName: 'fair' });
    expect([answer.status, body.errorType]).toEqual([
      status,
      status === 400 ? 'InvalidDateRange' : undefined,
    ]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { givenNexosis, sales, type Account } from '../support/nexosis.js';
import type { TestService } from '../support/http.js';

let service: TestService;
let alice: Account;

beforeAll(async () => {
  ({ service, ...alice } = await givenNexosis());
  expect((await alice.putCsv('data/base', sales(5))).status).toBe(201);
});
afterAll(() => service.close());

describe('a name', () => {
  it('is that of a data set or of a view, also when both are made at once', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `Both ${i}`);
    const made = await Promise.all(
      names.flatMap((name) => [
        alice.putCsv(`data/${name}`, sales(1200)),
        alice.put(`views/${name.toUpperCase()}`, { dataSetName: 'base' }),
      ]),
    );
    for (const [i, name] of names.entries()) {
      const found = await Promise.all([alice.get(`views/${name}`), alice.get(`data/${name}`)]);
      expect([name, ...found.map(({ status }) => status).sort()]).toEqual([name, 200, 404]);
      expect(
        made
          .slice(2 * i, 2 * i + 2)
          .map(({ status }) => status)
          .sort(),
      ).toEqual([201, 400]);
    }
  });
});

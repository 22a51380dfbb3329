import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorOf, TestService } from '../support/http.js';

let stint: TestService;
beforeAll(async () => (stint = await TestService.start()));
afterAll(() => stint.close());

describe.each(['/v3/resources/search', '/search/v3/resources/search'])(
  'the search for instances at %s',
  (path) => {
    it('returns the instance of the token with the fields that clients need', async () => {
      const { token, crn } = await stint.user('alice', 'lab-a');
      const { status, body } = await stint.call('POST', path, {
        token,
        body: { query: 'service_name:quantum' },
      });
      expect([status, body]).toMatchObject([
        200,
        {
          items: [{ crn, name: 'lab-a', service_plan_unique_id: 'stint', doc: { extensions: {} } }],
          limit: 1,
        },
      ]);
    });

    it('returns all instances for an admin', async () => {
      await stint.user('bob', 'lab-b');
      const { body } = await stint.call('POST', path, { body: {} });
      const names = (body.items as { name: string }[]).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['default', 'lab-b']));
    });

    it('needs a token (401), but no body (200)', async () => {
      expect(errorOf(await stint.call('POST', path, { token: null }))).toMatchObject({
        status: 401,
        code: 3407,
      });
      expect((await stint.call('POST', path)).status).toBe(200);
    });
  },
);

describe.each(['/catalog/api/v1', '/globalcatalog/api/v1'])('the catalog at %s', (base) => {
  it.each(['stint', 'any-plan'])('returns the same plan for %s, without a token', async (plan) => {
    const { status, body } = await stint.call('GET', `${base}/${plan}`, { token: null });
    expect([status, body]).toMatchObject([
      200,
      {
        id: 'stint',
        overview_ui: { en: { display_name: 'Stint' } },
        metadata: { pricing: { type: 'free' } },
      },
    ]);
  });
});

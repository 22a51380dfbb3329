import { expect, it } from '@jest/globals';
import { resolve } from 'node:path';
import { TestService } from '../support/http.js';

type Demo = (how: object) => Promise<unknown>;
const file = resolve(import.meta.dirname, '../../scripts/lib/demo.mjs');

it.each([
  ['bellDemo', 'stint_line_5'],
  ['scriptedDemo', 'scripted'],
])('the %s of the quickstart reports a missing backend before it begins', async (demo, name) => {
  const demos = (await import(file)) as Record<string, Demo>;
  const service = await TestService.start();
  try {
    await expect(
      demos[demo]?.({ url: service.url, user: await service.user('alice'), python: 'none' }),
    ).rejects.toMatchObject({
      message: `There is no backend ${name}, which the demo uses.`,
      hint: expect.stringMatching(/stint\.example\.yaml/),
    });
  } finally {
    await service.close();
  }
});

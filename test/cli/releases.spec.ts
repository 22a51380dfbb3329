import { afterEach, describe, expect, it } from '@jest/globals';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyLedger } from '../../src/cli/ledger-verify.js';
import { givenBackend, TestService } from '../support/http.js';

/** A database written by each release (scripts/release-fixture.mjs). */
const fixtures = join(import.meta.dirname, '../fixtures/releases');
const releases = readdirSync(fixtures).map((file) => file.replace(/\.sqlite$/, ''));
const admin_token = 'the-admin-token-of-the-release-fixture';

let stint: TestService | null = null;
let folder = '';
afterEach(async () => {
  await stint?.close('keep');
  await rm(folder, { recursive: true, force: true });
});

describe('a database of release', () => {
  it.each(releases)('%s opens with all its contents, and its jobs continue', async (release) => {
    folder = join(mkdtempSync(join(tmpdir(), 'stint-release-')), 'data');
    mkdirSync(folder);
    copyFileSync(join(fixtures, `${release}.sqlite`), join(folder, 'stint.sqlite'));
    stint = await TestService.start(
      { admin_token, backends: [givenBackend({ name: 'b1', lanes: 2 })] },
      folder,
    );
    const admin = stint.as(admin_token);
    const lab = (
      (await admin.get('/admin/instances')).body as { instances: { name: string; crn: string }[] }
    ).instances.find(({ name }) => name === 'lab-a');
    expect(lab).toMatchObject({ shares: 2, budget_seconds: 36000, sharing: 'see' });
    const ask = { headers: { 'service-crn': lab?.crn ?? '' } };

    const { jobs } = (await admin.get('/jobs?sort=asc', ask)).body as {
      jobs: { id: string; state: { status: string } }[];
    };
    expect(jobs.map(({ state }) => state.status)).toEqual([
      'Completed',
      'Running',
      'Running',
      'Queued',
      'Queued',
    ]);
    expect((await admin.get(`/jobs/${jobs[0]?.id}/results`, ask)).text).toBe('{"kept":"é 🐈","n":1}');
    expect((await admin.get(`/jobs/${jobs[0]?.id}`, ask)).body).toMatchObject({
      user_id: 'alice',
      tags: ['first'],
    });

    const { sessions } = (await admin.get('/admin/sessions')).body as {
      sessions: { state: string; elapsed_time: number }[];
    };
    expect(sessions.map(({ state }) => state)).toEqual(['active', 'closed']);
    expect(sessions[1]).toMatchObject({ elapsed_time: 65 });

    const data = await stint.call('GET', '/nexosis/v1/data/shop?pageSize=100', {
      ...{ token: null, headers: { 'api-key': admin_token, 'service-crn': lab?.crn ?? '' } },
    });
    expect(data.body).toMatchObject({ totalCount: 20 });
    expect(data.body.data[19]).toEqual({ day: '2026-01-20', sales: '19' });

    // The service continues with the stored jobs.
    await admin.post('/admin/clock', { advance_seconds: 3000 });
    const later = (await admin.get('/jobs?sort=asc', ask)).body as { jobs: { state: { status: string } }[] };
    expect(later.jobs.map(({ state }) => state.status)).toEqual([
      ...['Completed', 'Completed', 'Completed', 'Completed', 'Failed'],
    ]);
    await stint.close('keep');
    stint = null;
    expect(verifyLedger(folder, true)).toMatchObject({ code: 0 });
  });
});

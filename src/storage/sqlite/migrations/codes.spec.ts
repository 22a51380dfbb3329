import { expect, it } from '@jest/globals';
import { join } from 'node:path';
import { after, givenJob, givenSession } from '../../../../test/support/given.js';
import {
  givenBackend,
  givenDatabase,
  givenFolder,
  keepJob,
  keepSession,
} from '../../../../test/support/store.js';
import type { EndCode, Job } from '../../../kernel/job/job.js';
import { closeCodes, type CloseCode } from '../../../kernel/session/session.js';
import { openSqlite, schemaSource } from '../database.js';

/** The sentences with which versions without codes closed sessions. */
const sentences = {
  max_ttl: 'max_ttl of 20 s expired',
  active_ttl: 'active_ttl of 20 s expired',
  interactive_ttl: 'interactive_ttl of 20 s expired',
  unused_ttl: 'unused for 20 s (unused_ttl expired)',
  heartbeat_ttl: 'its client was silent for 10 s (heartbeat_ttl expired)',
  drained: 'drained: it accepts no jobs and has none left',
  budget_reached: 'budget of 60 s reached',
  closed_by_user: 'closed by user alice',
  closed_by_admin: 'closed by admin root: maintenance',
  stopped: 'stopped by user alice',
  runner_lost: 'its interpreter died: exit code 9',
  runner_ended: 'its interpreter ended while the service was down',
  runner_not_started: 'its interpreter could not be started: no room',
} as const satisfies Record<CloseCode, string>;

const ends: readonly [Partial<Job>, number | null, EndCode | null][] = [
  [{ state: 'failed' }, 1217, 'session_closed'],
  [{ state: 'failed' }, 1010, 'runner_lost'],
  [{ state: 'cancelled' }, 1305, 'ran_too_long'],
  [{ state: 'cancelled' }, null, null],
  [{ state: 'failed', reasonCode: 3211 }, 3211, null],
];

const backends: readonly [string, string | null][] = [
  ['service', 'its driver cannot run: there is no worker'],
  ['operator', 'calibration'],
];

it('codes are derived from sentences and numbers, and undoing the migration restores these', async () => {
  const folder = await givenFolder();
  const before = await openSqlite(folder);
  const limitStop = { at: after(9), reason: 'ran too long', endCode: 'ran_too_long' } as const;
  const closed = { state: 'closed', closedAt: after(9) } as const;
  await before.store.write(async (tx) => {
    for (const closeCode of closeCodes)
      await keepSession(
        tx,
        givenSession({ id: closeCode, ...closed, closeCode, stateReason: sentences[closeCode] }),
      );
    await keepSession(
      tx,
      givenSession({ id: 'unknown', ...closed, closeCode: null, stateReason: 'it rained' }),
    );
    await keepSession(tx, givenSession({ id: 'open', stateReason: sentences.drained }));
    for (const [i, [overrides, , endCode]] of ends.entries())
      await keepJob(tx, givenJob({ id: `j${i}`, ...overrides, endCode }));
    for (const [name, statusReason] of backends)
      await tx.backends.insert(givenBackend({ name, status: 'offline', statusReason }));
    await keepJob(tx, givenJob({ id: 'stopping', state: 'running', stop: limitStop }));
  });
  await before.close();

  const source = schemaSource(join(folder, 'stint.sqlite'), []);
  await source.initialize();
  while ((await source.query<object[]>(`SELECT 1 FROM migrations WHERE name LIKE 'Codes%'`)).length > 0)
    await source.undoLastMigration();
  const jobs = await source.query<{ reason_code: number; stop: string | null }[]>(
    'SELECT reason_code, stop FROM jobs ORDER BY seq',
  );
  expect(jobs.slice(0, -1).map(({ reason_code }) => reason_code)).toEqual(ends.map(([, number]) => number));
  expect(JSON.parse(jobs.at(-1)?.stop ?? '')).toEqual({
    ...{ at: after(9), reason: 'ran too long', reasonCode: 1305 },
  });
  await source.destroy();

  const { store } = await givenDatabase(folder);
  for (const code of closeCodes)
    expect(await store.read.session(code)).toMatchObject({ closeCode: code, stateReason: sentences[code] });
  for (const id of ['unknown', 'open'])
    expect(await store.read.session(id)).toMatchObject({ closeCode: null });
  for (const [i, [overrides, , endCode]] of ends.entries())
    expect(await store.read.job(`j${i}`)).toMatchObject({
      reasonCode: overrides.reasonCode ?? null,
      endCode,
    });
  for (const [name, statusReason] of backends)
    expect(await store.read.backend(name)).toMatchObject({ statusReason, statusBy: name });
  expect(await store.read.job('stopping')).toMatchObject({ stop: limitStop });
});

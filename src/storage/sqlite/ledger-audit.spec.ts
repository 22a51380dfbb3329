import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { copyFile, open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { givenFolder } from '../../../test/support/store.js';
import {
  alice,
  batch,
  dedicated,
  givenActor,
  givenService,
  lasting,
  onRunner,
} from '../../../test/support/scheduler.js';
import { auditLedger, UnreadableLedger } from './ledger-audit.js';

/**
 * A service whose ledger has holds, batches, lone jobs, a lost runner and a deleted job, some of them still running.
 */
async function given() {
  const service = await givenService({
    backend: { slots: 2, lanes: 2 },
    instances: [{}, { id: 'lab-b', budget: 5000_000 }],
  });
  const bob = givenActor('bob', 'lab-b');
  const { id: hold } = await service.sessions.open(alice, dedicated);
  for (const duration of [10, 20]) await service.submit({ session: hold, ...lasting(duration) });
  const { id: shared } = await service.sessions.open(bob, batch);
  for (const duration of [5, 7, 9]) await service.submit({ session: shared, ...lasting(duration) }, bob);
  const { id: alone } = await service.submit(lasting(3), bob);
  const { id: forgotten } = await service.submit(lasting(4), bob);
  await service.goTo(100);
  await service.jobs.remove(bob, forgotten);
  const { id: again } = await service.sessions.open(alice, dedicated);
  const { id: held } = await service.submit({ session: again, ...lasting(1000) });
  await service.submit(lasting(1000), bob);
  await service.goTo(150);
  return { ...service, ids: { hold, shared, alone, held, again } };
}
type Given = Awaited<ReturnType<typeof given>>;

const brokenIn = (folder: string) =>
  Object.fromEntries(
    auditLedger(folder)
      .laws.filter(({ differences }) => differences > 0)
      .map(({ law, found }) => [law, found]),
  );

function damage(folder: string, ...statements: string[]): void {
  const db = new Database(join(folder, 'stint.sqlite'));
  for (const statement of statements) db.exec(statement);
  db.close();
}

describe('a ledger that the service wrote', () => {
  it('is in order, also while the service has it open', async () => {
    const { folder } = await given();
    expect(brokenIn(folder)).toEqual({});
    const { counts, charged, aliveAt } = auditLedger(folder);
    expect(counts).toEqual({ entries: 6, sessions: 3, jobs: 8, instances: 2 });
    expect(charged).toBe(1000 * (80 + 5 + 7 + 9 + 3 + 4));
    expect(aliveAt).not.toBeNull();
  });

  it('is in order after lost runners and a downtime', async () => {
    const before = await givenService({ backend: { driver: 'aer' } });
    const { id: session } = await before.sessions.open(alice, dedicated);
    const { id: job } = await before.submit({ session, ...onRunner });
    await before.submit({ session, ...onRunner });
    await before.goTo(10);
    await before.runners.answer(job, { type: 'lost', why: 'killed' });
    await before.goTo(20);
    const service = await givenService({ folder: before.folder, at: 500 });
    await service.commands.recover();
    await service.goTo(510);
    await service.runners.answer(job, { type: 'completed', result: '{}' });
    await service.sessions.adminClose(alice, session, 'maintenance', 'finish');
    expect(brokenIn(before.folder)).toEqual({});
  });

  it("is read at one moment, without blocking the service's writes", async () => {
    const { folder, submit } = await given();
    const reader = new Database(join(folder, 'stint.sqlite'), { readonly: true });
    reader.exec('BEGIN; SELECT COUNT(*) FROM ledger');
    await submit(lasting(1));
    expect(brokenIn(folder)).toEqual({});
    reader.close();
  });
});

describe('a changed row is found:', () => {
  const cases: [string, (ids: Given['ids']) => string, object][] = [
    [
      "a job's usage",
      ({ alone }) => `UPDATE jobs SET used = used + 1000 WHERE id = '${alone}'`,
      {
        'job usage': [{ stored: 4, derived: 3 }],
        'job charge': [{ stored: 3, derived: 4 }],
        'all usage': [{}],
      },
    ],
    [
      "a session's usage",
      ({ hold }) => `UPDATE sessions SET used = used - 1 WHERE id = '${hold}'`,
      { 'session usage': [{ stored: 79.999, derived: 80 }], 'all usage': [{}] },
    ],
    [
      "an instance's counter",
      () => `UPDATE instances SET charged = 0 WHERE id = 'lab-b'`,
      { 'instance counter': [{ subject: 'instance lab-b', stored: 0, derived: 28 }] },
    ],
    [
      'a running total',
      () => 'UPDATE ledger SET total = total + 1 WHERE id = 6',
      { 'running total': [{ subject: 'entry 6' }], 'budget window': [{ subject: 'entry 6' }] },
    ],
    [
      'a removed entry',
      () => 'DELETE FROM ledger WHERE id = 1',
      {
        ...{ 'entries kept': [{ stored: '5 entries', derived: '6 were written' }] },
        ...{
          'instance counter': [{}],
          'running total': expect.anything(),
          'budget window': expect.anything(),
        },
        'all usage': [{}],
      },
    ],
    [
      'an entry moved in time',
      ({ alone }) => `UPDATE ledger SET "from" = "from" - 1, "to" = "to" - 1 WHERE job = '${alone}'`,
      { 'job charge': [{ subject: expect.stringMatching(/^entry/) }] },
    ],
    [
      'an entry that ends before its start',
      () => 'UPDATE ledger SET "to" = "from" - 1 WHERE id = 6',
      { 'entries whole': [{ subject: 'entry 6' }], 'session usage': [{}], 'instance counter': [{}] },
    ],
    [
      'a time that is not a number',
      () => `UPDATE ledger SET "to" = 'soon' WHERE id = 6`,
      { 'entries whole': [{ subject: 'entry 6', stored: expect.stringContaining("'soon'") }] },
    ],
    [
      'an entry with another user',
      ({ alone }) => `UPDATE ledger SET "user" = 'mallory' WHERE job = '${alone}'`,
      {
        'entries owned': [
          { stored: expect.stringMatching(/mallory$/), derived: expect.stringMatching(/bob$/) },
        ],
      },
    ],
    [
      'an entry of an unknown instance',
      () => `UPDATE ledger SET instance = 'gone' WHERE id = 6`,
      { 'entries owned': [{ derived: 'there is no such instance' }], 'instance counter': [{}] },
    ],
    [
      "another session's job during a hold",
      ({ again }) => `UPDATE sessions SET held_since = held_since - 60000 WHERE id = '${again}'`,
      { 'one hold a slot': [{ subject: expect.stringContaining('the open hold of session') }] },
    ],
    [
      'two holds of a session at once',
      ({ again, hold }) =>
        `UPDATE ledger SET session = '${again}', backend = 'b1', slot = 1, "to" = "to" + 30000 WHERE session = '${hold}'`,
      { 'one hold a session': [{}] },
    ],
    [
      'a hold outside its session',
      ({ hold }) => `UPDATE sessions SET started_at = started_at + 1 WHERE id = '${hold}'`,
      { 'hold inside session': [{}] },
    ],
    [
      'a job of a session outside its hold',
      ({ hold }) => `UPDATE ledger SET "from" = "from" + 1 WHERE session = '${hold}'`,
      { 'job inside hold': [{}, {}], 'session usage': [{}] },
    ],
    [
      "a session's running jobs",
      ({ again }) => `UPDATE sessions SET running_jobs = 0, running_starts = 0 WHERE id = '${again}'`,
      { 'session accrual': [{ stored: 0, derived: 1 }, { stored: 0 }] },
    ],
    [
      'the length of a queue',
      () => 'UPDATE backends SET queued_jobs = 7',
      { 'queue counters': [{ subject: 'backend b1', stored: 7, derived: 0 }] },
    ],
  ];

  it.each(cases)('%s', async (_, statement, expected) => {
    const { folder, ids } = await given();
    damage(folder, statement(ids));
    expect(brokenIn(folder)).toMatchObject(expected);
  });

  it('and at most a hundred differences of a law are listed', async () => {
    const { folder } = await given();
    const more = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
      INSERT INTO instances (id, name, crn, shares, budget, plan, charged, due_at, created_at) SELECT 'i' || i, 'i' || i, 'crn:' || i, 1, NULL, '{}', 5, NULL, 0 FROM n`;
    damage(folder, more);
    const counter = auditLedger(folder).laws.find(({ law }) => law === 'instance counter');
    expect([counter?.differences, counter?.found.length]).toEqual([150, 100]);
  });
});

describe('a ledger that cannot be read is reported:', () => {
  /** Returns a copy of a database that no service uses, to be damaged. */
  async function copied(): Promise<string> {
    const service = await given();
    const db = new Database(join(service.folder, 'stint.sqlite'));
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    const folder = await givenFolder();
    await copyFile(join(service.folder, 'stint.sqlite'), join(folder, 'stint.sqlite'));
    return folder;
  }
  const why = (folder: string): string => {
    try {
      auditLedger(folder);
    } catch (error) {
      if (error instanceof UnreadableLedger) return error.message;
      throw error;
    }
    return 'it was read';
  };

  it('an undamaged copy is read', async () => {
    expect(brokenIn(await copied())).toEqual({});
  });

  it('a folder without a database', async () => {
    expect(why(await givenFolder())).toMatch(/^There is no .*stint\.sqlite: name the data folder/);
  });

  it('a file that is not a database', async () => {
    const folder = await givenFolder();
    await writeFile(join(folder, 'stint.sqlite'), 'not a database, whatever its name says'.repeat(100));
    expect(why(folder)).toMatch(/cannot be read .* not a database/);
  });

  it('a database of another application', async () => {
    const folder = await givenFolder();
    damage(folder, 'CREATE TABLE birds (name text)');
    expect(why(folder)).toMatch(/no such table/);
  });

  it('a truncated file', async () => {
    const folder = await copied();
    await truncate(join(folder, 'stint.sqlite'), 8 * 4096);
    expect(why(folder)).toMatch(/damaged|malformed|cannot be read/);
  });

  it('an overwritten page', async () => {
    const folder = await copied();
    const file = join(folder, 'stint.sqlite');
    const db = new Database(file, { readonly: true });
    const root = db
      .prepare(`SELECT rootpage FROM sqlite_master WHERE name = 'ledger'`)
      .pluck()
      .get() as number;
    db.close();
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(256, 0xa5), 0, 256, (root - 1) * 4096);
    await handle.close();
    expect(why(folder)).toMatch(/damaged|malformed/);
  });

  it('an index that does not match its table', async () => {
    const folder = await copied();
    damage(folder);
    const db = new Database(join(folder, 'stint.sqlite'));
    db.unsafeMode();
    db.pragma('writable_schema = ON');
    db.exec(`UPDATE sqlite_master SET sql = 'CREATE INDEX "ledger_window" ON "ledger" ("user", "to", "id")'
      WHERE name = 'ledger_window'`);
    db.close();
    expect(why(folder)).toMatch(/damaged \(ledger: .*index ledger_window/);
  });
});

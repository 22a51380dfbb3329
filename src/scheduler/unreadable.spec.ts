import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { after } from '../../test/support/given.js';
import {
  alice,
  batch,
  dedicated,
  givenService,
  lasting,
  type Service,
} from '../../test/support/scheduler.js';
import { UnreadableRow } from './ports.js';

/** Changes rows behind the service's back, as another version or an operator would. */
function tamper({ folder }: Service, statement: string, ...values: string[]): void {
  const database = new Database(join(folder, 'stint.sqlite'));
  database.prepare(statement).run(...values);
  database.close();
}

/** Restarts the service, so that it reads the changed rows. */
const restarted = (before: Service, at: number) => givenService({ folder: before.folder, at });

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a stored deadline', () => {
  it('of an unknown kind is logged with its row and its kind', async () => {
    const log = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    const service = await givenService();
    const { id } = await service.sessions.open(alice, batch);
    await service.submit(lasting(20));
    tamper(service, 'UPDATE sessions SET due_kind = ?, due_at = due_at - 1799000 WHERE id = ?', 'lunch', id);
    await service.goTo(30);
    expect(log).toHaveBeenCalledWith(
      `A deadline of session ${id} cannot take effect: this version does not know its kind, "lunch". ` +
        'The deadline is disarmed. An admin can close the session or cancel the job.',
    );
  });

  it.each([
    ['of a kind that no version knows', 'lunch'],
    ['of a kind that belongs to a job', 'kill'],
  ])('%s is disarmed, and all others take effect', async (_, kind) => {
    const service = await givenService({ backend: { lanes: 2 } });
    const { id } = await service.sessions.open(alice, batch);
    const { id: other } = await service.submit(lasting(20));
    tamper(service, 'UPDATE sessions SET due_kind = ?, due_at = due_at - 1799000 WHERE id = ?', kind, id);
    await service.goTo(30);
    expect(await service.job(other)).toMatchObject({ state: 'completed', endedAt: after(20) });
    expect((await service.session(id)).state).toBe('open');
  });

  it.each(['lunch', 'kill'])('of kind %s does not keep the service from starting', async (kind) => {
    const before = await givenService();
    const { id } = await before.sessions.open(alice, batch);
    tamper(before, 'UPDATE sessions SET due_kind = ? WHERE id = ?', kind, id);
    const service = await restarted(before, 10_000);
    await service.commands.recover();
    expect((await service.submit(lasting(1))).state).toBe('queued');
    expect((await service.session(id)).state).toBe('open');
  });
});

describe('a row that this version cannot read', () => {
  it.each([
    [
      'a limit is missing',
      "UPDATE sessions SET limits = json_remove(limits, '$.unusedTtl')",
      'limits: unusedTtl: is missing',
    ],
    [
      'a limit is not a number',
      "UPDATE sessions SET limits = json_set(limits, '$.maxTtl', 'x')",
      'limits: maxTtl: a whole number was expected',
    ],
    [
      'it has an unknown member',
      "UPDATE sessions SET limits = json_set(limits, '$.lunch', 1)",
      'limits: lunch: is not known to this version',
    ],
    ['it is not JSON', "UPDATE sessions SET timestamps = 'x'", 'timestamps: it is not valid JSON'],
    [
      'its state is unknown',
      "UPDATE sessions SET state = 'lunch'",
      'state: "lunch" is none of open, active, inactive, closed',
    ],
  ])('is refused with its table and key if %s, and accepts no job', async (_, statement, why) => {
    const service = await givenService();
    const { id } = await service.sessions.open(alice, dedicated);
    tamper(service, statement);
    const error = new UnreadableRow('sessions', id, why);
    await expect(service.session(id)).rejects.toThrow(error);
    await expect(service.submit({ session: id })).rejects.toThrow(error);
    expect((await service.submit(lasting(1))).state).toBe('queued');
  });

  it('is left unchanged when its deadline comes, and all others take effect', async () => {
    const service = await givenService();
    const { id } = await service.sessions.open(alice, dedicated);
    tamper(service, "UPDATE sessions SET limits = '{}' WHERE id = ?", id);
    const { id: other } = await service.submit(lasting(2000));
    await service.goTo(3000);
    expect(await service.job(other)).toMatchObject({ state: 'completed', endedAt: after(2000) });
  });

  it('takes its backend offline, and no other, with the reason, if it is next in the queue', async () => {
    const service = await givenService();
    await service.submit(lasting(10));
    const { id } = await service.submit(lasting(10));
    await service.submit(lasting(10));
    tamper(service, "UPDATE jobs SET script = '{}' WHERE id = ?", id);
    await service.goTo(20);
    const backend = await service.store.read.backend('b1');
    expect(backend).toMatchObject({
      ...{ status: 'offline', queuedJobs: 2 },
      statusReason: `Row ${id} of jobs cannot be read: script: duration: is missing`,
    });
    const events = await service.store.read.events({ after: 0, limit: 100 });
    expect(events.filter(({ type }) => type === 'backend.offline')).toMatchObject([
      { backend: 'b1', cause: backend?.statusReason },
    ]);
    // The service still accepts jobs.
    expect((await service.submit(lasting(1))).state).toBe('queued');
  });
});

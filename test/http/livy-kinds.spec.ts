import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestService } from '../support/http.js';
import { givenLivy, livyUser } from '../support/livy.js';

/** The programs that the service finds on the machine. It looks when a session is requested. */
const names = ['PATH', 'HOME', 'SPARK_HOME', 'R_LIBS', 'R_LIBS_USER', 'R_LIBS_SITE'];
let before: (string | undefined)[];
let machine: string;
let stint: TestService;
beforeEach(() => {
  before = names.map((name) => process.env[name]);
  machine = mkdtempSync(join(tmpdir(), 'stint-kinds-'));
  for (const name of names.slice(2)) delete process.env[name];
  process.env['HOME'] = machine;
  writeFileSync(join(machine, 'R'), '#!/bin/sh\n', { mode: 0o755 });
});
afterEach(async () => {
  names.forEach((name, index) => {
    if (before[index] === undefined) delete process.env[name];
    else process.env[name] = before[index];
  });
  const alice = await livyUser(stint);
  for (const { id } of (await alice.call('GET', '/sessions')).body.sessions as { id: number }[])
    await alice.call('DELETE', `/sessions/${id}`);
  await stint.close();
  rmSync(machine, { recursive: true });
});

const withR = () => (process.env['PATH'] = `${machine}${delimiter}${before[0]}`);
const withSparkR = () => {
  mkdirSync(join(machine, 'library', 'SparkR'), { recursive: true });
  writeFileSync(join(machine, 'library', 'SparkR', 'DESCRIPTION'), 'Package: SparkR\n');
  process.env['R_LIBS'] = join(machine, 'library');
};
const settings = () => {
  const root = join(stint.folder, 'spark');
  return readdirSync(root).map((id) => JSON.parse(readFileSync(join(root, id, 'settings.json'), 'utf8')));
};

async function given(options: object = {}) {
  stint = await givenLivy({}, { options });
  return livyUser(stint);
}

describe('a session of kind sparkr', () => {
  it('is refused if R is not installed, with installation advice, and takes no number', async () => {
    const alice = await given({ plain_r: true });
    process.env['PATH'] = join(machine, 'nothing');
    const refused = await alice.call('POST', '/sessions', { kind: 'sparkr' });
    expect([refused.status, refused.body]).toEqual([
      400,
      { msg: expect.stringMatching(/^Rejected, Reason: R is not installed: install Debian's r-base-core/) },
    ]);
    withR();
    expect((await alice.call('GET', '/sessions')).body.total).toBe(0);
    expect(await alice.session({ kind: 'sparkr' })).toBe(0);
  });

  it.each(['sparkr', 'r', 'SparkR', 'R'])('can be requested as %s', async (kind) => {
    const alice = await given();
    withR();
    withSparkR();
    const made = await alice.call('POST', '/sessions', { kind });
    expect([made.status, made.body.kind]).toEqual([201, 'sparkr']);
    await alice.sessionIn(made.body.id as number, 'idle');
    expect(settings()).toMatchObject([{ kind: 'sparkr', plain_r: false }]);
    expect((await alice.run(made.body.id as number, 'kind')).output.data).toEqual({ 'text/plain': 'sparkr' });
  });

  it('can run without Spark if the backend has plain_r', async () => {
    const alice = await given({ plain_r: true });
    withR();
    await alice.session({ kind: 'sparkr' });
    expect(settings()).toMatchObject([{ kind: 'sparkr', plain_r: true }]);
  });
});

describe('a session of all kinds', () => {
  it('opens even if R is missing, and passes statements of kind r to its interpreter', async () => {
    const alice = await given();
    const id = await alice.session({});
    const made = await alice.call('POST', `/sessions/${id}/statements`, { code: 'kind', kind: 'r' });
    expect(made.status).toBe(201);
    const done = await alice.statementIn(id, made.body.id as number, 'available');
    expect(done.output.data).toEqual({ 'text/plain': 'sparkr' });
  });
});

it('refuses a backend option plain_r that is neither true nor false', async () => {
  await given();
  const backend = { name: 'spark2', driver: 'spark', options: { plain_r: 'yes' } };
  const refused = await stint.call('POST', '/api/v1/admin/backends', { body: backend });
  expect([refused.status, refused.text]).toEqual([
    400,
    expect.stringContaining('Backend spark2: options.plain_r must be true or false.'),
  ]);
});

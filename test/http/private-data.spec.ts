import { afterEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { SignJWT } from 'jose';
import { adminToken, TestService } from '../support/http.js';
import { givenLivy, livyUser } from '../support/livy.js';

const umask = process.umask(0o022);
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  process.umask(umask);
});

/** A data folder below a folder that everybody may enter, such as /var/lib, with the usual umask. */
function givenPlace(): string {
  process.umask(0o022);
  const above = mkdtempSync(join(tmpdir(), 'stint-'));
  chmodSync(above, 0o755);
  cleanups.push(() => rm(above, { recursive: true, force: true }));
  return join(above, 'data');
}

/** Returns the paths of `folder` and of all files and folders below it. */
function allBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const inner = entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? allBelow(path) : [path];
  });
  return [folder, ...inner];
}

const openOnes = (folder: string): string[] =>
  allBelow(folder).filter((path) => (lstatSync(path).mode & 0o077) !== 0);

/** Returns the content of each file below `folder` that an account without rights can read, by path. */
function readAsNobody(folder: string): Record<string, string> {
  const walk = `
    const fs = require('fs');
    const read = {};
    const look = (path) => {
      try { for (const name of fs.readdirSync(path)) look(path + '/' + name); } catch {}
      try { read[path] = fs.readFileSync(path, 'latin1'); } catch {}
    };
    for (const path of JSON.parse(process.argv[1])) look(path);
    console.log(JSON.stringify(read));`;
  // Also opens known names, which works even if a folder cannot be listed.
  const paths = JSON.stringify(allBelow(folder));
  const how = { uid: 65534, gid: 65534, cwd: '/', env: {}, encoding: 'utf8', maxBuffer: 1e9 } as const;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', walk, paths], how);
  if (status !== 0) throw new Error(`It could not look: ${stderr}`);
  return JSON.parse(stdout) as Record<string, string>;
}

const isRoot = process.getuid?.() === 0;

/** Starts a service and stores something of each kind in its data folder. */
async function givenFullService(data: string) {
  const stint = await givenLivy({}, {}, data);
  const livy = await livyUser(stint);
  const session = await livy.session();
  cleanups.push(async () => {
    await livy.call('DELETE', `/sessions/${session}`);
    await stint.close('keep');
  });
  const body = { program_id: 'scripted', backend: 'b1', params: { duration: 1 } };
  expect((await stint.admin.post('/jobs', body)).status).toBe(200);
  const upload = { headers: { 'content-type': 'text/csv' }, body: 'when,value\n2020-01-01,1\n' };
  expect((await stint.call('PUT', '/nexosis/v1/data/shop', upload)).status).toBe(201);
  return stint;
}

describe('the data folder of a running service', () => {
  it('is readable only by the account of the service: database, log, lock, key, models and session files', async () => {
    const data = givenPlace();
    await givenFullService(data);
    const found = allBelow(data).map((path) => path.slice(data.length + 1));
    const expected = [
      'stint.sqlite',
      'stint.sqlite-wal',
      'stint.sqlite-shm',
      'stint.lock',
      'stint.key',
      'models',
    ];
    expect(found).toEqual(expect.arrayContaining(expected));
    expect(
      found.filter((path) => /^spark\/[^/]+\/(driver\.sock|stdout\.log|service\.json)$/.test(path)),
    ).toHaveLength(3);
    expect(openOnes(data)).toEqual([]);
    if (isRoot) expect(readAsNobody(data)).toEqual({});
  });
});

/** Makes a data folder like an older version: open to all, with the signing key in the database. Returns the key. */
async function givenOldFolder(data: string): Promise<string> {
  const before = await TestService.start({}, data);
  await before.close('keep');
  await rm(join(data, 'stint.key'));
  const key = 'a-signing-key-of-an-older-version-0001';
  const db = new Database(join(data, 'stint.sqlite'));
  db.prepare(`INSERT INTO facts ("key", value) VALUES ('signing_key', ?)`).run(key);
  db.close();
  mkdirSync(join(data, 'backup'));
  await writeFile(join(data, 'backup/stint-2026-01-01.sqlite'), readFileSync(join(data, 'stint.sqlite')));
  for (const path of allBelow(data)) chmodSync(path, lstatSync(path).isDirectory() ? 0o755 : 0o644);
  return key;
}

/** Makes a bearer token of the admin, signed with `key`. */
function forged(data: string, key: string): Promise<string> {
  const db = new Database(join(data, 'stint.sqlite'), { readonly: true });
  const id = db.prepare(`SELECT id FROM tokens WHERE role = 'admin'`).pluck().get() as string;
  db.close();
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(id)
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(key));
}

describe('the data folder of an older version', () => {
  it('can be read by any account until the first start, which closes it and replaces the key', async () => {
    const data = givenPlace();
    const key = await givenOldFolder(data);
    if (isRoot) {
      // Shows that the test's account can read an open file.
      const seen = Object.values(readAsNobody(data)).filter((content) => content.includes(key));
      expect(seen.length).toBeGreaterThan(0);
    }
    const token = await forged(data, key);
    const stint = await TestService.start({}, data);
    cleanups.push(() => stint.close('keep'));
    expect(openOnes(data)).toEqual([]);
    if (isRoot) expect(readAsNobody(data)).toEqual({});
    expect((await stint.as(token).get('/admin/tokens')).status).toBe(401);
    const db = new Database(join(data, 'stint.sqlite'), { readonly: true });
    expect(db.prepare(`SELECT count(*) FROM facts WHERE "key" = 'signing_key'`).pluck().get()).toBe(0);
    db.close();
  });

  it('has a key that is no longer valid, while a token signed with the current key is accepted', async () => {
    const data = givenPlace();
    const stint = await TestService.start({}, data);
    cleanups.push(() => stint.close('keep'));
    const key = readFileSync(join(data, 'stint.key'), 'utf8').trim();
    expect((await stint.as(await forged(data, key)).get('/admin/tokens')).status).toBe(200);
  });
});

describe('the key that signs bearer tokens', () => {
  const exchange = async (stint: TestService) =>
    (await stint.call('POST', '/identity/token', { token: null, body: `apikey=${adminToken}` })).body
      .access_token as string;

  it.each<[string, number, number, number]>([
    ['survives a restart, so that bearer tokens stay valid', 0o600, 200, 0],
    ['is replaced at a start if its file is open to others', 0o644, 401, 1],
  ])('%s', async (_, mode, status, replaced) => {
    const data = givenPlace();
    const first = await TestService.start({}, data);
    const bearer = await exchange(first);
    await first.close('keep');
    const before = readFileSync(join(data, 'stint.key'), 'utf8');
    chmodSync(join(data, 'stint.key'), mode);
    const second = await TestService.start({}, data);
    cleanups.push(() => second.close('keep'));
    expect((await second.as(bearer).get('/admin/tokens')).status).toBe(status);
    expect(readFileSync(join(data, 'stint.key'), 'utf8') === before ? 0 : 1).toBe(replaced);
    expect(openOnes(data)).toEqual([]);
  });

  it('can be in a configured file, and then is in no other file', async () => {
    const data = givenPlace();
    const file = join(data, '..', 'signing.key');
    const stint = await TestService.start({ signing_key_file: file }, data);
    cleanups.push(() => stint.close('keep'));
    expect(lstatSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(join(data, 'stint.key'))).toBe(false);
    const token = await forged(data, readFileSync(file, 'utf8').trim());
    expect((await stint.as(token).get('/admin/tokens')).status).toBe(200);
  });

  it.each<[string, (file: string) => Promise<unknown>, RegExp]>([
    [
      'that is too short',
      (file) => writeFile(file, 'short\n'),
      /signing\.key holds no key: it needs at least 32/,
    ],
    [
      'that is a folder',
      async (file) => mkdirSync(file),
      /cannot be kept in \S+signing\.key: EISDIR\. Choose/,
    ],
  ])('%s prevents the service from starting, with a message for the operator', async (_, spoil, words) => {
    const data = givenPlace();
    const file = join(data, '../signing.key');
    await spoil(file);
    chmodSync(file, 0o700);
    await expect(TestService.start({ signing_key_file: file }, data)).rejects.toThrow(words);
  });
});

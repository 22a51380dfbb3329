#!/usr/bin/env node
// `node scripts/release-fixture.mjs`: writes a database with this version, once for each release, after a build.
// test/cli/releases.spec.ts opens each of these databases with the current version.
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { api } from './lib/api.mjs';
import { inRoot, readJson } from './lib/project.mjs';
import { portFree, startService } from './lib/service.mjs';
import { withoutSettings } from './lib/test-service.mjs';

const adminToken = 'the-admin-token-of-the-release-fixture';
const { version } = await readJson(inRoot('package.json'));
const folder = await mkdtemp(join(tmpdir(), 'stint-fixture-'));
const config = join(folder, 'stint.yaml');
await writeFile(config, JSON.stringify({ backends: [{ name: 'b1', driver: 'scripted', lanes: 2 }] }));
const data = join(folder, 'data');
const settings = {
  STINT_DATA: data,
  STINT_CONFIG: config,
  STINT_CLOCK: 'virtual',
  STINT_ADMIN_TOKEN: adminToken,
};
const service = await startService({ port: await portFree(0), inherit: withoutSettings(), env: settings });
try {
  const admin = api(service.url, adminToken);
  await admin('POST', '/admin/instances', { name: 'lab-a', shares: 2, budget_seconds: 36000 });
  const { token } = await admin('POST', '/admin/tokens', { user: 'alice', instance: 'lab-a', role: 'user' });
  const alice = api(service.url, token);
  const job = (params, more = {}) =>
    alice('POST', '/jobs', { program_id: 'scripted', backend: 'b1', params, ...more });
  // A closed session, an active one with a running and a queued job, and a lone job.
  const closed = await alice('POST', '/sessions', { mode: 'dedicated', backend: 'b1' });
  await job({ duration: 5, result: { kept: 'é 🐈', n: 1 } }, { session_id: closed.id, tags: ['first'] });
  await admin('POST', '/admin/clock', { advance_seconds: 100 });
  await alice('DELETE', `/sessions/${closed.id}/close`);
  const open = await alice('POST', '/sessions', { mode: 'batch', backend: 'b1' });
  for (let i = 0; i < 3; i++) await job({ duration: 1000 }, { session_id: open.id });
  await job({ duration: 7, outcome: 'failed' });
  const rows = Array.from({ length: 20 }, (_, i) => ({
    day: `2026-01-${String(i + 1).padStart(2, '0')}`,
    sales: String(i),
  }));
  const put = await fetch(`${service.url}/nexosis/v1/data/shop`, {
    method: 'PUT',
    headers: { 'api-key': token, 'content-type': 'application/json' },
    body: JSON.stringify({ data: rows }),
  });
  if (!put.ok) throw new Error(await put.text());
  await service.stop();
  const file = join(data, 'stint.sqlite');
  const database = new Database(file);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.exec('VACUUM');
  database.close();
  await mkdir(inRoot('test', 'fixtures', 'releases'), { recursive: true });
  await copyFile(file, inRoot('test', 'fixtures', 'releases', `${version}.sqlite`));
  console.log(`test/fixtures/releases/${version}.sqlite is written.`);
} finally {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
}

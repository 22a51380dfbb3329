import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { TestService } from '../support/http.js';
import { runCompiled } from '../support/process.js';

const project = resolve(import.meta.dirname, '../..');
const main = join(project, 'src/cli/main.ts');

const stint = (args: readonly string[], env?: Record<string, string>) => runCompiled(main, args, env);

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
  const alice = await service.user('alice');
  const { id } = (await alice.post('/sessions', { backend: 'b1' })).body as { id: string };
  const job = { program_id: 'scripted', backend: 'b1', params: { duration: 5 }, session_id: id };
  await alice.post('/jobs', job);
  await service.advance(100);
});
afterAll(() => service.close());

const change = (statement: string) => {
  const db = new Database(join(service.folder, 'stint.sqlite'));
  db.exec(statement);
  db.close();
};

describe('stint ledger verify', () => {
  it('exits with 0 for the ledger of a running service', async () => {
    const { code, out, err } = await stint(['ledger', 'verify', '--data', service.folder]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/1 entries, 65 s charged; 1 sessions, 1 jobs/);
    expect(out).toMatch(/session usage +ok +a session used what its entries come to/);
    expect(out).toMatch(/The ledger is in order\.\n$/);
    expect((await service.admin.get('/admin/ledger')).status).toBe(200);
  });

  it('prints JSON with --json, and reads the data folder from STINT_DATA', async () => {
    const { code, out } = await stint(['ledger', 'verify', '--json'], { STINT_DATA: service.folder });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ...{ in_order: true, entries: 1, sessions: 1, jobs: 1, charged_seconds: 65 },
      last_change: expect.stringMatching(/Z$/),
      laws: expect.arrayContaining([expect.objectContaining({ law: 'running total', differences: 0 })]),
    });
  });

  it('exits with 1 and names the rows that differ', async () => {
    change('UPDATE sessions SET used = used + 500');
    try {
      const people = await stint(['ledger', 'verify', '--data', service.folder]);
      expect(people.code).toBe(1);
      expect(people.out).toMatch(/session usage +session [0-9a-f-]{36} +65\.5 +65\n/);
      expect(people.out).toMatch(/The ledger is not in order: 2 differences\.\n$/);
      const { code, out } = await stint(['ledger', 'verify', '--json', '--data', service.folder]);
      expect(code).toBe(1);
      const { in_order, laws } = JSON.parse(out) as { in_order: boolean; laws: { law: string }[] };
      expect(in_order).toBe(false);
      expect(laws.find(({ law }) => law === 'session usage')).toMatchObject({
        ...{ differences: 1, found: [{ stored: 65.5, derived: 65 }] },
      });
    } finally {
      change('UPDATE sessions SET used = used - 500');
    }
  });

  it('exits with 2 and an error if the folder contains no database', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'stint-'));
    try {
      const people = await stint(['ledger', 'verify', '--data', empty]);
      expect(people).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/^There is no /) });
      const { code, out } = await stint(['ledger', 'verify', '--data', empty, '--json']);
      expect([code, JSON.parse(out)]).toMatchObject([2, { in_order: null, error: expect.any(String) }]);
    } finally {
      await rm(empty, { recursive: true });
    }
  });

  it.each([[[]], [['ledger']], [['ledger', 'verify', '--fix']], [['ledger', 'verify', 'now']]])(
    'exits with 2 and prints its usage for the arguments %j',
    async (args) => {
      const { code, err } = await stint(args);
      expect([code, err]).toEqual([2, expect.stringMatching(/Usage: stint ledger verify/)]);
    },
  );
});

describe('the command line', () => {
  it.each([
    [['ledger', 'verfy'], 'There is no command ledger verfy; there is: ledger verify.'],
    [['foo'], 'There is no command foo; there is: ledger verify.'],
    [['ledger', 'verify', 'extra'], 'There is no command ledger verify extra; there is: ledger verify.'],
    [['ledger', 'verify', '--fix'], "Unknown option '--fix'."],
  ])('exits with 2 and begins with the mistake in %j', async (args, words) => {
    const { code, err } = await stint(args);
    expect([code, err.split('\n\n')[0]]).toEqual([2, words]);
  });

  it('prints its version with --version', async () => {
    const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await stint(['--version'])).toEqual({ code: 0, out: `stint ${version}\n`, err: '' });
  });

  it('loads neither Nest nor the ORM, so that it starts quickly', () => {
    const packages = new Set<string>();
    const seen = new Set<string>();
    const follow = (file: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      const imports = readFileSync(file, 'utf8').matchAll(
        /^(?:import|export) (?!type )[^;]*?from '([^']+)';/gms,
      );
      for (const [, name = ''] of imports) {
        if (name.startsWith('.')) follow(resolve(dirname(file), name.replace(/\.js$/, '.ts')));
        else if (!name.startsWith('node:')) packages.add(name);
      }
    };
    follow(main);
    expect([...packages].sort()).toEqual(['better-sqlite3', 'yaml']);
  });
});

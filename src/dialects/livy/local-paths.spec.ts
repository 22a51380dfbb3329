import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalPaths } from './local-paths.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'stint-paths-')));
afterAll(() => rmSync(root, { recursive: true }));
const [jars, secret, link] = ['jars', 'secret', 'link'].map((name) => join(root, name)) as [
  string,
  string,
  string,
];
for (const dir of [jars, join(jars, 'sub'), secret, `${jars}x`]) mkdirSync(dir);
for (const file of ['x.jar', 'sub/y.jar', 'a b.jar', '%2e', 'ü.jar']) writeFileSync(join(jars, file), '');
writeFileSync(join(secret, 'key'), '');
writeFileSync(`${jars}x/a`, '');
symlinkSync(secret, join(jars, 'way'));
symlinkSync(join(secret, 'key'), join(jars, 'key.jar'));
symlinkSync(join(jars, 'x.jar'), join(jars, 'same.jar'));
symlinkSync(jars, link);

const allowed = (path: string, dirs = [jars]) => new LocalPaths(dirs).allowed(path);

describe('allowed', () => {
  it.each([
    ['hdfs://n/x.jar', 'hdfs://n/x.jar'],
    ['s3a://b/%2e%2e/x.jar', 's3a://b/%2e%2e/x.jar'],
    [`${jars}/x.jar`, `${jars}/x.jar`],
    [` ${jars}/x.jar `, `${jars}/x.jar`],
    [`file:///${jars}/x.jar`, `file://${jars}/x.jar`],
    [`file:${jars}/sub/../x.jar`, `file://${jars}/x.jar`],
    [`FILE://localhost${jars}/x.jar`, `file://${jars}/x.jar`],
    [`file:${jars}/%78.jar`, `file://${jars}/x.jar`],
    [`file:${jars}/a%20b.jar`, `file://${jars}/a%20b.jar`],
    [`${jars}/a b.jar`, `file://${jars}/a%20b.jar`],
    [`${jars}/ü.jar`, `file://${jars}/%C3%BC.jar`],
    [`${jars}/x.jar#lib`, `${jars}/x.jar#lib`],
    [`file:${jars}/a b.jar#lib`, `file://${jars}/a%20b.jar#lib`],
    [`local:${jars}/x.jar`, `local:${jars}/x.jar`],
    [`local:${jars}/later.jar`, `local:${jars}/later.jar`],
  ])('accepts %s as %s', (path, as) => {
    expect(allowed(path)).toBe(as);
  });

  it('resolves links, so that a link that changes later cannot lead elsewhere', () => {
    expect(allowed(`${jars}/same.jar`)).toBe(`${jars}/x.jar`);
    expect(allowed(`${link}/x.jar`, [link])).toBe(`${jars}/x.jar`);
    expect(allowed(`${jars}/x.jar`, [link])).toBe(`${jars}/x.jar`);
  });

  it.each([
    'x.jar',
    '../secret/key',
    '/etc/passwd',
    'file:/etc/passwd',
    'file://etc/passwd',
    'file:////etc/passwd',
    `${jars}/../secret/key`,
    `file:${jars}/../secret/key`,
    `file:${jars}/%2e%2e/secret/key`,
    `file:${jars}/%2E%2E%2Fsecret%2Fkey`,
    `${jars}/%2e%2e/secret/key`,
    `${jars}/%2e`,
    `local:${jars}/%2e%2e/secret/key`,
    `local:${jars}/way/later.jar`,
    `${jars}x/a`,
    'local:/etc/x',
    'file:srv/jars',
    `${jars}/way/key`,
    `file:${jars}/way/key`,
    `${jars}/key.jar`,
    `${jars}/key.jar#x`,
    `${jars}/x.jar#../y`,
    `${jars}/x.jar#..`,
    `${jars}/*.jar`,
    `${jars}/{x,y}.jar`,
    `${jars}/x.jar\u0000`,
    `file:${jars}/x.jar%00`,
    'file:%zz',
    `jar:file:/etc/passwd!/x`,
    `har://file-/etc/passwd`,
    `HAR:/etc/passwd`,
    `${jars}/missing.jar`,
  ])('refuses %s', (path) => {
    expect(() => allowed(path)).toThrow(/^Rejected, Reason: requirement failed/);
  });

  it('refuses existing and missing files outside the folders with the same message, which says how to fix it', () => {
    const messageFor = (path: string, dirs?: string[]) => {
      try {
        return allowed(path, dirs);
      } catch (error) {
        return (error as Error).message.replace(path, 'P');
      }
    };
    expect(messageFor(`${secret}/key`)).toBe(messageFor(`${secret}/none`));
    expect(messageFor('/etc/passwd')).toBe(
      `Rejected, Reason: requirement failed: Local path P cannot be added to user sessions. Files of the service's machine must lie in the folders of the backend's option local_dirs (${jars}); others can come from hdfs:, s3a: and the like.`,
    );
    expect(messageFor('/etc/passwd', [])).toMatch(/option local_dirs \(none is set\)/);
  });

  it('accepts at most a thousand files', () => {
    const local = new LocalPaths([jars]);
    for (let i = 0; i < 1000; i += 1) local.allowed(`${jars}/x.jar`);
    expect(() => local.allowed(`${jars}/x.jar`)).toThrow(/more than 1000 files/);
  });
});

describe('entry', () => {
  const entry = (path: string) => new LocalPaths([jars]).entry(path);

  it.each([
    [`${jars}/x.jar`, `${jars}/x.jar`],
    [`${jars}/*`, `${jars}/*`],
    [`${link}/sub`, `${jars}/sub`],
    ['x.jar', 'x.jar'],
  ])('accepts %s as %s', (path, as) => {
    expect(new LocalPaths([jars, link]).entry(path)).toBe(as);
  });

  it.each(['/etc', '/etc/*', `${jars}/../secret`, `${jars}/way/*`, '../x', 'a/../../x', `${jars}/x*`])(
    'refuses %s',
    (path) => {
      expect(() => entry(path)).toThrow(/^Rejected, Reason: requirement failed/);
    },
  );
});

describe('resolved', () => {
  it('lists the real paths of local files, for the Spark driver to check again', () => {
    const local = new LocalPaths([jars]);
    for (const path of [
      `${jars}/same.jar`,
      `file:${jars}/a%20b.jar#x`,
      'hdfs:/y.jar',
      `local:${jars}/later.jar`,
    ])
      local.allowed(path);
    expect(local.resolved).toEqual([`${jars}/x.jar`, `${jars}/a b.jar`]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getOver, givenCertificate, placed } from '../support/certificates.js';
import { adminToken, bearer } from '../support/http.js';
import { serviceProcess, type LogLine } from '../support/process.js';

let folder: string;
let service: Awaited<ReturnType<typeof serviceProcess>>;
const secret = 'secret-of-the-query';

const yaml = (more: string, lanes = 1) =>
  `backends: [{ name: b1, driver: scripted, lanes: ${lanes} }]\n${more}\n` +
  `tls: { cert: ${folder}/cert.pem, key: ${folder}/key.pem }\n`;
const write = (text: string) => writeFile(join(folder, 'stint.yaml'), text);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stint-'));
  await placed(folder, await givenCertificate());
  await writeFile(join(folder, 'token'), `${adminToken}\n`, { mode: 0o600 });
  await write(yaml('log_level: info'));
  service = await serviceProcess({
    STINT_CONFIG: join(folder, 'stint.yaml'),
    STINT_DATA: join(folder, 'data'),
    STINT_ADMIN_TOKEN_FILE: join(folder, 'token'),
    STINT_PROT: '1',
  });
});
afterAll(async () => {
  service.signal('SIGKILL');
  await service.ended;
  await rm(folder, { recursive: true, force: true });
});

const open = { rejectUnauthorized: false } as const;
const get = (path: string, token = adminToken) =>
  getOver(service.url + path, { ...open, headers: bearer(token) });

/** Sends SIGHUP and waits for the service's log lines about it. */
async function hangUp(): Promise<LogLine[]> {
  const before = service.lines.length;
  service.signal('SIGHUP');
  await service.line('the end of the reload', (line) => {
    return service.lines.indexOf(line) >= before && /^The configuration was read again/.test(line.msg);
  });
  // The line on settings that need a restart follows in the same turn.
  await get('/health/live');
  return service.lines.slice(before).filter(({ context }) => context !== 'Request');
}

describe('a start', () => {
  it('reads the admin token from a file', async () => {
    expect((await get('/api/v1/admin/tokens')).status).toBe(200);
  });

  it('warns about an unknown variable and suggests a known one', async () => {
    await service.line('the variable', ({ msg, level }) => {
      return (
        level === 40 && /STINT_PROT is not known and has no effect\. Did you mean STINT_PORT\?$/.test(msg)
      );
    });
  });
});

describe('SIGHUP', () => {
  it('applies log level, backends and certificate, and names the settings that need a restart', async () => {
    const { fingerprint } = await get('/health/live');
    await placed(folder, await givenCertificate());
    await write(yaml('log_level: debug\nwarm_workers: 3', 2));
    const reloadLines = await hangUp();
    expect(reloadLines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining([
        'The configuration was read again.',
        'Changed, and needs a restart: warm_workers.',
        expect.stringMatching(/^The certificate in \S+ is shown from now on\.$/),
      ]),
    );
    expect(reloadLines).toContainEqual(expect.objectContaining({ log_level: 'debug', backends: ['b1'] }));
    expect((await get('/health/live')).fingerprint).not.toBe(fingerprint);
    expect(JSON.parse((await get('/api/v1/admin/backends/b1')).body)).toMatchObject({ lanes: 2 });
    await service.line(
      'a line of level debug',
      ({ level, context }) => level === 20 && context === 'Request',
    );
  });

  it.each([
    ['that is not YAML', () => 'backends: ['],
    ['with an invalid value', () => yaml('warm_workers: x')],
    ['with an unknown driver', () => yaml('', 1).replace('scripted', 'nothing')],
    ['with a certificate that is missing', () => yaml('').replace('cert.pem', 'other.pem')],
  ])('with a configuration %s changes nothing and logs the reason', async (_, text) => {
    await write(text().replace('lanes: 1', 'lanes: 7'));
    const reloadLines = await hangUp();
    expect(reloadLines).toContainEqual(
      expect.objectContaining({
        level: 50,
        msg: 'The configuration was read again and is wrong: nothing was changed.',
        detail: [expect.stringMatching(/stint\.yaml/)],
      }),
    );
    expect(JSON.parse((await get('/api/v1/admin/backends/b1')).body)).toMatchObject({ lanes: 2 });
  });

  it('with another driver for a backend changes the other backends and leaves this one until a restart', async () => {
    await write(
      yaml('log_level: info').replace(
        '{ name: b1, driver: scripted, lanes: 1 }',
        '{ name: b1, driver: aer, lanes: 3, options: { device: stint_line_5 } }, { name: b2, driver: scripted }',
      ),
    );
    const reloadLines = await hangUp();
    expect(reloadLines.map(({ msg }) => msg)).toContain('Changed, and needs a restart: backends.b1.driver.');
    expect(JSON.parse((await get('/api/v1/admin/backends/b1')).body)).toMatchObject({
      driver: 'scripted',
      lanes: 2,
    });
    expect((await get('/api/v1/admin/backends/b2')).status).toBe(200);
  });
});

describe('the log', () => {
  it('contains no tokens and no query strings', async () => {
    await get(`/api/v1/nothing?apikey=${secret}`);
    await service.line('the request', ({ path }) => path === '/api/v1/nothing');
    expect(service.raw()).not.toContain(secret);
    expect(service.raw()).not.toContain(adminToken);
  });
});

describe('SIGTERM', () => {
  it('stops the service in order and logs the signal', async () => {
    service.signal('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(service.lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['Stint stops: SIGTERM.', 'Stint has stopped.']),
    );
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { Config } from '../../src/config/config.js';
import { LivyConfig } from '../../src/dialects/livy/settings.js';
import { getOver, givenCertificate, placed, type Certificate } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { adminToken, givenConfig, TestService } from '../support/http.js';

let folder: string;
let files: { cert: string; key: string };
let certificate: Certificate;
let stint: TestService;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stint-'));
  certificate = await givenCertificate();
  files = await placed(folder, certificate);
  const livy = Object.assign(new LivyConfig(), { port: 0, anonymous: { user: 'ann', instance: 'lab-a' } });
  stint = await TestService.start({ tls: files, livy });
});
afterAll(async () => {
  await stint.close();
  await rm(folder, { recursive: true, force: true });
});

const trusted = () => ({ ca: certificate.cert });

/** Sends a POST with a JSON body over TLS as the admin, and returns the id in the answer. */
function post(path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
    const sending = request(
      stint.url + path,
      { method: 'POST', headers, ...trusted(), agent: false },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('end', () => resolve((JSON.parse(text) as { id: string }).id));
      },
    );
    sending.on('error', reject).end(body);
  });
}

describe('a service with a certificate', () => {
  it('is reached over https by a client that trusts the certificate', async () => {
    expect(stint.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const seen = await getOver(`${stint.url}/health/ready`, trusted());
    expect(seen).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });

  it('is rejected by a client that does not trust the certificate', async () => {
    await expect(getOver(`${stint.url}/health/ready`, {})).rejects.toThrow(/self-signed/);
  });

  it('accepts TLS 1.2 and no older version', async () => {
    const with12 = { ...trusted(), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    expect((await getOver(`${stint.url}/health/live`, with12)).status).toBe(200);
    const with11 = {
      ...trusted(),
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL@SECLEVEL=0',
    } as const;
    await expect(getOver(`${stint.url}/health/live`, with11)).rejects.toThrow(/protocol version|EPROTO/);
  });

  it('does not accept plain HTTP on the same port', async () => {
    const plain = stint.url.replace('https', 'http');
    await expect(
      new Promise((resolve, reject) => get(`${plain}/health/live`, resolve).on('error', reject)),
    ).rejects.toThrow(/ECONNRESET|socket hang up/);
  });

  it("also uses TLS on Livy's own port", async () => {
    expect(stint.ownUrl('Livy')).toMatch(/^https:/);
    const seen = await getOver(`${stint.ownUrl('Livy')}/sessions`, trusted());
    expect(seen).toMatchObject({ status: 200, body: expect.stringMatching(/"total":0/) });
  });

  it('writes https into the links of its answers', async () => {
    const { body } = await getOver(`${stint.url}/nexosis/v1/data`, {
      ...trusted(),
      headers: { 'api-key': adminToken },
    });
    expect(JSON.parse(body).links[0].href).toMatch(new RegExp(`^${stint.url}/nexosis/v1/data`));
  });
});

describe('a submit over TLS whose answer could not be delivered', () => {
  it('gets the first answer when it is repeated, but only once', async () => {
    const job = JSON.stringify({
      program_id: 'scripted',
      backend: 'b1',
      params: { duration: 1 },
      tags: ['tls'],
    });
    const { hostname, port } = new URL(stint.url);
    await new Promise<void>((resolve, reject) => {
      const socket = connectTls({ host: hostname, port: Number(port), ...trusted() }, () => {
        socket.end(
          `POST /api/v1/jobs HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${adminToken}\r\n` +
            `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(job)}\r\n\r\n${job}`,
          () => socket.destroy(),
        );
      });
      socket.once('close', () => resolve()).once('error', reject);
    });
    const headers = { authorization: `Bearer ${adminToken}` };
    const stored = async () =>
      JSON.parse((await getOver(`${stint.url}/api/v1/jobs`, { ...trusted(), headers })).body).jobs as {
        id: string;
      }[];
    const id = await eventually('the job is stored', async () => (await stored())[0]?.id);
    expect(await post('/api/v1/jobs', job)).toBe(id);
    await eventually('the answer counts as delivered', async () => (await post('/api/v1/jobs', job)) !== id);
    expect(await stored()).toHaveLength(2);
  });
});

describe('a reload of the configuration', () => {
  const reload = (settings: Partial<Config> = {}) =>
    stint.service.reload(() => ({ ...givenConfig(stint.folder, { tls: files }), ...settings }));
  const fingerprint = async (url = stint.url) =>
    (await getOver(`${url}/health/live`, { rejectUnauthorized: false })).fingerprint;

  it('applies a renewed certificate to both ports', async () => {
    const before = await fingerprint();
    certificate = await givenCertificate();
    await placed(folder, certificate);
    await reload();
    expect(await fingerprint()).not.toBe(before);
    expect(await fingerprint(stint.ownUrl('Livy'))).toBe(await fingerprint());
    expect((await getOver(`${stint.url}/health/live`, trusted())).status).toBe(200);
  });

  it('with a certificate that does not match its key keeps the previous pair', async () => {
    const before = await fingerprint();
    await writeFile(files.cert, (await givenCertificate()).cert);
    await reload();
    expect(await fingerprint()).toBe(before);
    await writeFile(files.cert, certificate.cert);
  });
});

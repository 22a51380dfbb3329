import { afterEach, describe, expect, it } from '@jest/globals';
import { chmod, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getOver, givenCertificate, placed } from '../test/support/certificates.js';
import { eventually } from '../test/support/eventually.js';
import { givenFolder } from '../test/support/store.js';
import { readTlsPair } from './config/tls-files.js';
import { LiveTls } from './tls.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function given(until?: Date) {
  const folder = await givenFolder();
  const first = await givenCertificate(until);
  const files = await placed(folder, first);
  const logged: string[] = [];
  const note = (message: unknown) => void logged.push(String(message));
  const tls = new LiveTls(files, { log: note, warn: note }, 20);
  const server: Server = createServer(tls.pair, (_, response) => response.end('ok'));
  tls.keepCurrent(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () => tls.close(),
    () => server.close(),
  );
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const shown = async () => (await getOver(url, { rejectUnauthorized: false })).fingerprint;
  return { folder, files, first, tls, logged, shown, url };
}

describe('a certificate that is renewed on disk', () => {
  it('is presented without a reload', async () => {
    const { folder, files, shown, logged, url } = await given();
    const before = await shown();
    const second = await givenCertificate();
    await placed(folder, second);
    await eventually('the new one', async () => (await shown()) !== before);
    expect((await getOver(url, { ca: second.cert })).body).toBe('ok');
    expect(logged).toContain(`The certificate in ${files.cert} is shown from now on.`);
  });

  it('by replacing a link is presented, too', async () => {
    const { folder, files, shown } = await given();
    const before = await shown();
    const later = await givenFolder();
    const { cert, key } = await placed(later, await givenCertificate());
    for (const [target, file] of [
      [cert, files.cert],
      [key, files.key],
    ] as const) {
      await symlink(target, join(folder, 'link'));
      await rename(join(folder, 'link'), file);
    }
    await eventually('the new one', async () => (await shown()) !== before);
  });

  it('only in half keeps the previous one and logs why, until the other half follows', async () => {
    const { files, shown, logged, tls } = await given();
    const before = await shown();
    const second = await givenCertificate();
    await writeFile(files.cert, second.cert);
    expect(tls.reload()).toBe(false);
    expect(await shown()).toBe(before);
    expect(logged).toContain(
      `tls: the key in ${files.key} does not belong to the certificate in ${files.cert}. ` +
        'The certificate that was read before stays in use.',
    );
    await writeFile(files.key, second.private);
    await eventually('the new one', async () => (await shown()) !== before);
  });

  it('and then deleted keeps the previous one', async () => {
    const { files, shown, logged, tls } = await given();
    const before = await shown();
    await rm(files.cert);
    expect(tls.reload()).toBe(false);
    expect(await shown()).toBe(before);
    expect(logged.join()).toMatch(/tls\.cert: \S+cert\.pem does not exist\./);
  });

  it('but unchanged is not logged again', async () => {
    const { tls, logged } = await given();
    expect(tls.reload()).toBe(false);
    expect(logged).toEqual([]);
  });
});

describe('a start logs a warning for', () => {
  it('a certificate that has expired', async () => {
    const { logged } = await given(new Date(Date.now() - 1000));
    expect(logged).toEqual([expect.stringMatching(/^The certificate in \S+cert\.pem ended on /)]);
  });

  it('a key that other accounts can read', async () => {
    const files = await placed(await givenFolder(), await givenCertificate());
    await chmod(files.key, 0o644);
    const logged: string[] = [];
    const note = (message: unknown) => void logged.push(String(message));
    new LiveTls(files, { log: note, warn: note }).close();
    expect(logged).toEqual([
      expect.stringMatching(/^The private key of TLS is in \S+, which other accounts/),
    ]);
  });
});

describe('a pair that no server can use is refused with its key:', () => {
  it.each<[string, (folder: string) => Promise<void>, RegExp]>([
    ['a certificate that is missing', (f) => rm(join(f, 'cert.pem')), /^tls\.cert: \S+ does not exist\.$/],
    [
      'a certificate that is not PEM',
      (f) => writeFile(join(f, 'cert.pem'), 'x'),
      /^tls\.cert: \S+ holds no certificate in PEM/,
    ],
    [
      'a key that is not PEM',
      (f) => writeFile(join(f, 'key.pem'), 'x'),
      /^tls\.key: \S+ holds no private key in PEM/,
    ],
    [
      'the key of another certificate',
      async (f) => writeFile(join(f, 'key.pem'), (await givenCertificate()).private),
      /^tls: the key in \S+key\.pem does not belong to the certificate in \S+cert\.pem\.$/,
    ],
    [
      'a key with a passphrase',
      async (f) => {
        const { generateKeyPairSync } = await import('node:crypto');
        const { privateKey } = generateKeyPairSync('ec', {
          namedCurve: 'P-256',
          publicKeyEncoding: { type: 'spki', format: 'pem' },
          privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
        });
        await writeFile(join(f, 'key.pem'), privateKey);
      },
      /^tls\.key: the key in \S+ is encrypted, and a service has nobody to ask\./,
    ],
  ])('%s', async (_, damage, message) => {
    const folder = await givenFolder();
    const files = await placed(folder, await givenCertificate());
    await damage(folder);
    expect(() => readTlsPair(files)).toThrow(message);
  });
});

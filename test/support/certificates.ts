import { writeFile } from 'node:fs/promises';
import { get, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';

export interface Certificate {
  readonly cert: string;
  readonly private: string;
}

/** A self-signed certificate for this machine. Clients trust it if they pass it as `ca`. */
export function givenCertificate(until = new Date(Date.now() + 86_400_000)): Promise<Certificate> {
  return generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    keyType: 'ec',
    notBeforeDate: new Date(Date.now() - 172_800_000),
    notAfterDate: until,
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
}

/** Writes a certificate and its key to files for the configuration of a service. */
export async function placed(folder: string, { cert, private: key }: Certificate) {
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  await writeFile(files.key, key, { mode: 0o600 });
  await writeFile(files.cert, cert);
  return files;
}

export interface Seen {
  readonly status: number;
  readonly body: string;
  /** SHA-256 of the server's certificate. */
  readonly fingerprint: string;
}

/** A GET on a new connection. */
export function getOver(url: string, how: RequestOptions): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const asking = get(url, { ...how, agent: false }, (answer) => {
      const { fingerprint256 } = (answer.socket as TLSSocket).getPeerCertificate();
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body, fingerprint: fingerprint256 }));
    });
    asking.on('error', reject);
  });
}

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { readableSecretWarning, readConfiguredFile } from './secrets.js';

/** Paths of the PEM files with the certificate chain and its private key. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** TLS options of a server. */
export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
}

/** Reads a certificate and its key. Throws an error if a server could not use them. */
export function readTlsPair(files: TlsFiles): TlsPair {
  const cert = readConfiguredFile('tls.cert', files.cert);
  const key = readConfiguredFile('tls.key', files.key);
  if (!certificateIn(cert, files.cert).checkPrivateKey(keyIn(key, files.key)))
    throw new Error(`tls: the key in ${files.key} does not belong to the certificate in ${files.cert}.`);
  const pair = { cert, key, minVersion: 'TLSv1.2' } as const;
  try {
    createSecureContext(pair);
  } catch (error) {
    throw new Error(`tls: ${files.cert} and ${files.key} cannot be used: ${(error as Error).message}.`);
  }
  return pair;
}

/**
 * Returns warnings about files that a server can use, but with which clients do not trust the server or its key is not
 * safe. `now` is the wall clock in milliseconds.
 */
export function tlsWarnings(files: TlsFiles, now: number): string[] {
  const { validFrom, validTo } = certificateIn(readConfiguredFile('tls.cert', files.cert), files.cert);
  const readableKey = readableSecretWarning('The private key of TLS', files.key);
  return [
    ...(Date.parse(validTo) <= now ? [`The certificate in ${files.cert} ended on ${validTo}.`] : []),
    ...(Date.parse(validFrom) > now ? [`The certificate in ${files.cert} begins on ${validFrom}.`] : []),
    ...(readableKey === null ? [] : [readableKey]),
  ];
}

function certificateIn(pem: Buffer, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new Error(`tls.cert: ${file} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).`);
  }
}

function keyIn(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    if (/ENCRYPTED/.test(pem.toString('latin1')))
      throw new Error(
        `tls.key: the key in ${file} is encrypted, and a service has nobody to ask. Decrypt it: openssl pkey -in ${file}`,
      );
    throw new Error(`tls.key: ${file} holds no private key in PEM form (-----BEGIN PRIVATE KEY-----).`);
  }
}

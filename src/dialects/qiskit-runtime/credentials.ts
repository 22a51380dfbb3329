import type { CredentialReader } from '../../auth/credentials.js';

/** Reads `Authorization: apikey <token>`, which clients send if the exchange for a bearer token failed. */
export const apikey: CredentialReader = {
  read({ authorization = '' }) {
    const secret = /^apikey\s+(\S+)\s*$/i.exec(authorization)?.[1];
    return secret === undefined ? null : { secret, header: 'Authorization' };
  },
};

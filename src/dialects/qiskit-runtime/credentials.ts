import type { CredentialReader } from '../../auth/credentials.js';

/** `Authorization: apikey <token>`, as clients send it after an exchange that failed. */
export const apikey: CredentialReader = {
  read({ authorization = '' }) {
    const secret = /^apikey\s+(\S+)\s*$/i.exec(authorization)?.[1];
    return secret === undefined ? null : { secret, header: 'Authorization' };
  },
};

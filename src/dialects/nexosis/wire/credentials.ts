import type { CredentialReader } from '../../../auth/credentials.js';

/** Reads the token from the header `api-key`, as Nexosis clients send it. */
export const apiKey: CredentialReader = {
  hint: 'to the Nexosis API as "api-key: <token>"',
  read: ({ 'api-key': key }) => (typeof key === 'string' ? { secret: key.trim(), header: 'api-key' } : null),
};

import type { CredentialReader } from '../../auth/credentials.js';

/**
 * Reads HTTP Basic as HDInsight's clients send it: a user name, and an API token as the password, which may contain
 * colons.
 */
export const basic: CredentialReader = {
  hint: 'to the Livy API also as the password of HTTP Basic',
  read({ authorization = '' }) {
    const [, encoded] = /^basic\s+(\S+)\s*$/i.exec(authorization) ?? [];
    if (encoded === undefined) return null;
    const [user = '', ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
    return { secret: password.join(':'), header: 'Authorization', user, ambient: 'HTTP Basic' };
  },
};

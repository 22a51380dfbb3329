import { hash } from 'node:crypto';

/** Makes tokens recognisable in logs and to secret scanners. */
export const tokenPrefix = 'stint_';

/**
 * Returns the digest of a token; only the digest is stored. Tokens have 256 random bits, so a plain digest is enough.
 */
export const hashToken = (secret: string): string => hash('sha256', secret, 'hex');

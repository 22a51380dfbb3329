import { hash } from 'node:crypto';

/** Recognisable in logs and by secret scanners. */
export const tokenPrefix = 'stint_';

/** Tokens are 256 random bits, so a plain digest cannot be searched for; only it is stored. */
export const hashToken = (secret: string): string => hash('sha256', secret, 'hex');

import { createHash } from 'node:crypto';

/** Recognisable in logs and by secret scanners. */
export const tokenPrefix = 'stint_';

/** Tokens are 256 random bits, so a plain digest cannot be searched for; only it is stored. */
export const hashToken = (secret: string): string => createHash('sha256').update(secret).digest('hex');

import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock, Ids } from './ports.js';

/**
 * UUIDs of version 7. They begin with the time, so rows that are created one after another lie side by side in every
 * index. A random UUID touches a page of its own in each index, which a commit then has to write.
 */
export const randomIds = (clock: Pick<Clock, 'wall'>): Ids => ({
  uuid() {
    const time = clock.wall().toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
  },
  secret: () => randomBytes(32).toString('base64url'),
});

import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock, Ids } from './ports.js';

/**
 * UUIDs of version 7: they begin with the time, so what is made one after another lies side by side in every index. A
 * random one touches a page of its own in each, which a commit then has to write.
 */
export const randomIds = (clock: Pick<Clock, 'wall'>): Ids => ({
  uuid() {
    const time = clock.wall().toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
  },
  secret: () => randomBytes(32).toString('base64url'),
});

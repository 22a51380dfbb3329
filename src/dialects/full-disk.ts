import { diskFailure } from '../scheduler/disk.ports.js';

/** What is answered where the disk holds no more. IBM's clients repeat 500, 502, 503 and 504 and never read their bodies. */
export const noRoom = 507;

/** What a failure of the disk means for the person who asked, in a sentence; null for any other error. */
export function diskTrouble(error: unknown): string | null {
  const said = diskFailure(error);
  if (said === null) return null;
  return `The service could not write to the disk of its data folder (${said}), so it stored nothing. Tell its operator; repeat the request when the disk has room.`;
}

import { diskFailure } from '../scheduler/disk.ports.js';

/** HTTP status for a full disk. IBM's clients retry 500, 502, 503 and 504 without reading the body. */
export const insufficientStorage = 507;

/** Returns a sentence for the user if the error is a failure of the disk; null for any other error. */
export function diskFailureMessage(error: unknown): string | null {
  const failure = diskFailure(error);
  if (failure === null) return null;
  return `The service could not write to the disk of its data folder (${failure}), so it stored nothing. Tell its operator; repeat the request when the disk has room.`;
}

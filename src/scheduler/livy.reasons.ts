/**
 * How the reason begins with which a session of the Livy dialect closed. The kernel keeps the reason as a sentence for
 * people; these beginnings let the dialect say which of its ends that was.
 */
export const endings = {
  /** The process died in the middle of a statement. */
  died: 'its interpreter died',
  /** The process ended while nothing ran. */
  ended: 'its interpreter ended',
  /** The process never became ready. */
  failed: 'its interpreter could not be started',
  /** `POST /sessions/{id}/stop`: ended, but not forgotten. */
  stopped: 'stopped by',
  /** The operator API. */
  admin: 'closed by admin',
} as const;

/** Sessions with these ends are shown until their retention is over; all others are gone at once. */
export const keptReasons: readonly string[] = Object.values(endings);

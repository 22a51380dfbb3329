/**
 * Everything the kernel and the scheduler may refuse, by code. A dialect maps each code once to its status and words,
 * so a new code does not compile until every dialect can say it.
 */
export const refusalCodes = [
  'invalid_value',
  'limit_exceeded',
  'unknown_backend',
  'backend_exists',
  'backend_in_use',
  'unknown_program',
  'unknown_session',
  'unknown_job',
  'unknown_instance',
  'unknown_token',
  'instance_exists',
  'session_closed',
  'session_not_accepting',
  'session_elsewhere',
  'job_final',
  'job_not_final',
  'mode_not_allowed',
  'budget_reached',
  'too_many_pending',
  'key_reused',
  'wrong_clock',
  'forbidden',
  'illegal_transition',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** A request that the rules turn down. Nothing was stored. `message` is for the person who asked; `solution` says what would be right. */
export class Refusal extends Error {
  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly solution?: string,
  ) {
    super(message);
    this.name = 'Refusal';
  }
}

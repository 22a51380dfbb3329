/**
 * The kinds of refusal, with HTTP status and numeric code (IBM's, if its registry has one). The third number is the
 * status for `POST /jobs` and `POST /sessions` if the usual one would mislead: the client reads 404 there as "program
 * not found".
 */
export const refusalKinds = {
  invalid_value: [400, 1002],
  limit_exceeded: [400, 1002],
  unknown_backend: [404, 1007, 400],
  backend_exists: [409, 1002],
  backend_in_use: [409, 1002],
  unknown_program: [404, 1008],
  unknown_session: [404, 1008, 400],
  unknown_job: [404, 3250],
  unknown_instance: [404, 1008, 400],
  unknown_token: [404, 1008],
  instance_exists: [409, 1002],
  session_closed: [409, 1217],
  session_not_accepting: [409, 1217],
  session_elsewhere: [400, 1002],
  job_final: [409, 3208],
  job_not_final: [409, 3211],
  mode_not_allowed: [400, 1352],
  budget_reached: [409, 4317],
  too_many_pending: [409, 3458],
  key_reused: [422, 1002],
  wrong_clock: [409, 1002],
  forbidden: [403, 2409],
  illegal_transition: [409, 1002],
} as const satisfies Readonly<Record<string, readonly [status: number, code: number, onSubmit?: number]>>;
export type RefusalKind = keyof typeof refusalKinds;

/** The answer to a refusal. `message` says what is wrong, `solution` how to fix it. */
export interface QiskitRefusal {
  readonly kind: RefusalKind;
  readonly message: string;
  readonly solution?: string;
}

/** An error for a request that this dialect refuses itself, without the kernel. Nothing was stored. */
export class QiskitError extends Error implements QiskitRefusal {
  constructor(
    readonly kind: RefusalKind,
    message: string,
    readonly solution?: string,
  ) {
    super(message);
    this.name = 'QiskitError';
  }
}

/** Makes an answer for the table of refusals. */
export const refusal = (kind: RefusalKind, message: string, solution?: string): QiskitRefusal => ({
  ...{ kind, message },
  ...(solution !== undefined && { solution }),
});

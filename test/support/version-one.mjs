/**
 * Version 1 of the attempt protocol for the fake runners, as in Stint 0.2. Translates messages of a current runner to
 * version 1, and messages of the service from version 1.
 */
export function said(message, who) {
  const { type, token, ...fields } = message;
  const of = token === undefined ? { type } : { type, job: fields.job, attempt: token };
  if (type !== 'result') return [{ ...of, ...fields }];
  const { outcome, fault, result, message: sentence = 'The job was cancelled.' } = fields;
  if (who === 'driver') return [{ ...of, cancelled: outcome === 'cancelled', output: result ?? null }];
  if (outcome === 'completed') return [{ ...of, result }];
  const { reason_code = null, traceback = null } = fields;
  const kind = outcome === 'cancelled' ? 'cancelled' : fault;
  return [{ ...of, type: 'error', kind, message: sentence, reason_code, traceback }];
}

export function heard({ attempt, ...fields }, who) {
  const now = attempt === undefined ? fields : { ...fields, token: attempt };
  if (now.type === 'ack') return { ...now, type: 'acknowledge' };
  if (now.type === 'complete') return { ...now, type: 'suggest' };
  if (now.type !== 'run') return now;
  if (who === 'worker') return { ...now, type: 'start' };
  const { statement, kind, code, ...of } = now;
  return { ...of, type: 'start', program: 'statement', params: JSON.stringify({ statement, kind, code }) };
}

import { answerTo } from '../dialects/refusals.js';
import { refusals } from '../dialects/qiskit-runtime/refusals.js';
import type { Refusal } from '../kernel/refusal.js';

/** A refusal for an operator, in one text: in the words of the operator API, also where it is no request that is refused. */
export function toOperator(refusal: Refusal): string {
  const { message, solution = '' } = answerTo(refusals, refusal);
  return `${message} ${solution}`.trimEnd();
}

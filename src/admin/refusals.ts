import { answerTo } from '../dialects/refusals.js';
import { refusals } from '../dialects/qiskit-runtime/refusals.js';
import type { Refusal } from '../kernel/refusal.js';

/** Returns a refusal as one text in the words of the operator API. Configuration errors use these words too. */
export function operatorMessage(refusal: Refusal): string {
  const { message, solution = '' } = answerTo(refusals, refusal);
  return `${message} ${solution}`.trimEnd();
}

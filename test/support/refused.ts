import { operatorMessage } from '../../src/admin/refusals.js';
import { Refusal } from '../../src/kernel/refusal.js';

/** Runs `work` and returns the code and parameters of its refusal. */
export function refusalOf(work: () => unknown): Pick<Refusal, 'code' | 'params'> {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, params } = error as Refusal;
    return { code, params };
  }
  throw new Error('nothing was refused');
}

/** Like {@link refusalOf}, but returns the sentence for operators. */
export const refusedWords = (work: () => unknown): string => {
  const { code, params } = refusalOf(work);
  return operatorMessage(new Refusal(code, params));
};

import { toOperator } from '../../src/admin/refusals.js';
import { Refusal } from '../../src/kernel/refusal.js';

/** Code and parameters of what `work` is refused with. */
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

/** The same as an operator reads it. */
export const refusedWords = (work: () => unknown): string => {
  const { code, params } = refusalOf(work);
  return toOperator(new Refusal(code, params));
};

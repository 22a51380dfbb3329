import { suggestName } from '../../near-names.js';
import type { StatusMessage } from '../storage/ports.js';
import { invalidRequest } from './errors.js';
import type { Fields } from './fields.js';

/**
 * Returns the parameters that nearly match one of `known`, each with that name. A name in another case is not misspelt.
 */
function misspelt({ names }: Fields, known: readonly string[]): [name: string, suggestion: string][] {
  const knownNames = new Set(known.map((name) => name.toLowerCase()));
  return names
    .filter((name) => !knownNames.has(name.toLowerCase()))
    .flatMap((name): [string, string][] => {
      const suggestion = suggestName(name, known);
      return suggestion === undefined ? [] : [[name, suggestion]];
    });
}

/**
 * Throws if a delete has a misspelt filter. This dialect ignores unknown parameters (nexosis dialect, leniency), but a
 * delete that ignored a filter would delete more than intended.
 */
export function refuseMisspelt(query: Fields, known: readonly string[]): void {
  const mistakes = misspelt(query, known);
  if (mistakes.length === 0) return;
  throw invalidRequest(
    Object.fromEntries(
      mistakes.map(([name, suggestion]) => [
        name,
        [`${name} is not known; the nearest is ${suggestion}. Nothing was deleted.`],
      ]),
    ),
  );
}

/** Returns a warning for each misspelt parameter, because it has no effect. */
export const misspeltMessages = (fields: Fields, known: readonly string[]): StatusMessage[] =>
  misspelt(fields, known).map(([name, suggestion]) => ({
    severity: 'warning',
    message: `The parameter ${name} is not known and had no effect; the nearest is ${suggestion}.`,
  }));

import { nearName } from '../../near-names.js';
import type { StatusMessage } from '../storage/ports.js';
import { invalidRequest } from './errors.js';
import type { Fields } from './fields.js';

/** Parameters that all but name one of `known`, each with that one. Case does not matter here, so another case is the same name. */
function misspelt({ names }: Fields, known: readonly string[]): [name: string, meant: string][] {
  const right = new Set(known.map((name) => name.toLowerCase()));
  return names
    .filter((name) => !right.has(name.toLowerCase()))
    .flatMap((name): [string, string][] => {
      const meant = nearName(name, known);
      return meant === undefined ? [] : [[name, meant]];
    });
}

/**
 * For what deletes. Unknown parameters are ignored in this dialect (leniency), but one that all but names a filter would, ignored,
 * delete more than was meant.
 */
export function refuseMisspelt(query: Fields, known: readonly string[]): void {
  const wrong = misspelt(query, known);
  if (wrong.length === 0) return;
  throw invalidRequest(
    Object.fromEntries(
      wrong.map(([name, meant]) => [
        name,
        [`${name} is not known; the nearest is ${meant}. Nothing was deleted.`],
      ]),
    ),
  );
}

/** Each parameter is named that has no effect and that all but names one that would. */
export const misspeltMessages = (fields: Fields, known: readonly string[]): StatusMessage[] =>
  misspelt(fields, known).map(([name, meant]) => ({
    severity: 'warning',
    message: `The parameter ${name} is not known and had no effect; the nearest is ${meant}.`,
  }));

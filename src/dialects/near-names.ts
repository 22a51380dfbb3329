import { closest, distance } from 'fastest-levenshtein';

/** A longer name is hardly a typing error, and comparing it would take long. */
const mostCharacters = 60;

/**
 * Returns the known name that `name` is probably a misspelling of: it differs only in case, in at most one letter of
 * three, or by two swapped letters. Undefined if there is none. Callers check for an exact match first.
 */
export function suggestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > mostCharacters || known.length === 0) return undefined;
  const lowered = known.map((each) => each.toLowerCase());
  const word = name.toLowerCase();
  const nearest = closest(word, lowered);
  const mistakes = distance(word, nearest);
  // Two swapped letters count as two mistakes, which would be too many in a word of four letters.
  const isSwapped = mistakes === 2 && sorted(word) === sorted(nearest);
  return isSwapped || mistakes * 3 <= nearest.length ? known[lowered.indexOf(nearest)] : undefined;
}

const sorted = (word: string): string => [...word].sort().join('');

import { closest, distance } from 'fastest-levenshtein';

/** Longer names are nobody's slip, and a comparison with one takes long. */
const mostCharacters = 60;

/**
 * The name of `known` that `name` all but is: the same in another case, with one wrong letter in three, or with two letters
 * swapped. Undefined where there is none. What bears the exact name is not asked about.
 */
export function nearName(name: string, known: readonly string[]): string | undefined {
  if (name.length > mostCharacters || known.length === 0) return undefined;
  const lowered = known.map((each) => each.toLowerCase());
  const word = name.toLowerCase();
  const nearest = closest(word, lowered);
  const mistakes = distance(word, nearest);
  // A swap counts as two mistakes, which would be too many in a word of four letters.
  const isSwapped = mistakes === 2 && sorted(word) === sorted(nearest);
  return isSwapped || mistakes * 3 <= nearest.length ? known[lowered.indexOf(nearest)] : undefined;
}

const sorted = (word: string): string => [...word].sort().join('');

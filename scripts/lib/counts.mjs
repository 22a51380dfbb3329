import { withoutColours } from './colours.mjs';

/** Reads the number of tests from the closing line of a test runner; null if there is no such line. */

const last = (output, pattern) => [...withoutColours(output).matchAll(pattern)].at(-1);

function counted(line) {
  const of = (word) =>
    [...line.matchAll(new RegExp(`(\\d+) ${word}\\b`, 'g'))].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
  return {
    passed: of('passed') + of('xfailed'),
    failed: of('failed') + of('errors?') + of('xpassed'),
    skipped: of('skipped') + of('todo') + of('deselected'),
  };
}

/** `Tests:       1 failed, 2 skipped, 40 passed, 43 total` */
export function jestCounts(output) {
  const line = last(output, /^Tests:\s+(.*total)$/gm);
  return line ? counted(line[1]) : null;
}

/** `==== 1 failed, 40 passed, 1 error in 3.21s ====` */
export function pytestCounts(output) {
  const line = last(output, /^=* ?((?:\d+ [a-z]+,? ?)+)in [\d.]+s.*$/gm);
  return line ? counted(line[1]) : null;
}

/** `16 passed, 0 failed` */
export function plainCounts(output) {
  const line = last(output, /^(\d+ passed, \d+ failed)$/gm);
  return line ? counted(line[1]) : null;
}

export const inWords = ({ passed, failed, skipped = 0 }) =>
  [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`]
    .filter(Boolean)
    .join(', ');

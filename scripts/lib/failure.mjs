import { withoutColours } from './colours.mjs';

/** Something a person can act on: what went wrong, what to do about it, and where more is written. */
export class Failure extends Error {
  constructor(message, { hint, log, output } = {}) {
    super(message);
    this.hint = hint;
    this.log = log;
    this.output = output;
  }
}

/** Prints a failure in words. Anything unexpected is named by its message; its stack only with STINT_DEBUG. */
export function report(error, log) {
  const where = error.log ?? log;
  const output = lastLines(error.output);
  console.error(`\n${error.message}`);
  if (output) console.error(output.replace(/^/gm, '    '));
  if (error.hint) console.error(error.hint);
  if (where) console.error(`More in ${where}`);
  if (process.env.STINT_DEBUG && !(error instanceof Failure)) console.error(error.stack);
}

/** The end of a program's output, without what only tells that it was busy. */
export function lastLines(output, count = 15) {
  const lines = withoutColours(output ?? '').split('\n');
  return lines
    .filter((line) => line.trim() && !/^npm (http|verbose|timing)/.test(line))
    .slice(-count)
    .join('\n');
}

import { withoutColours } from './colours.mjs';

/** An error for people: what went wrong, what to do about it, and where to read more. */
export class Failure extends Error {
  constructor(message, { hint, log, output } = {}) {
    super(message);
    this.hint = hint;
    this.log = log;
    this.output = output;
  }
}

/** Prints a failure. For an unexpected error prints the message, and with STINT_DEBUG also the stack. */
export function report(error, log) {
  const where = error.log ?? log;
  const output = lastLines(error.output);
  console.error(`\n${error.message}`);
  if (output) console.error(output.replace(/^/gm, '    '));
  if (error.hint) console.error(error.hint);
  if (where) console.error(`More in ${where}`);
  if (process.env.STINT_DEBUG && !(error instanceof Failure)) console.error(error.stack);
}

/** Returns the end of a program's output without progress lines. */
export function lastLines(output, count = 15) {
  const lines = withoutColours(output ?? '').split('\n');
  return lines
    .filter((line) => line.trim() && !/^npm (http|verbose|timing)/.test(line))
    .slice(-count)
    .join('\n');
}

import { parseArgs } from 'node:util';

/** The options of a script. `--help` and what is none of them end it with its usage. */
export function readOptions(options, usage) {
  try {
    const { help, ...values } = parseArgs({
      options: { ...options, help: { type: 'boolean', short: 'h' } },
    }).values;
    if (!help) return values;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    console.error(`\n${withoutHint(error.message)}\n${usage}`);
    process.exit(1);
  }
}

/** Node explains how to pass what begins with a dash as an argument, of which the scripts have none. */
const withoutHint = (message) => message.replace(/ To specify a positional argument.*$/s, '');

/** An option that counts something; also an empty one is a mistake. */
export function wholeNumber(name, text, usage) {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  console.error(`\n--${name} must be a whole number, not "${text}".\n${usage}`);
  process.exit(1);
}

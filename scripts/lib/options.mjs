import { parseArgs } from 'node:util';

/** Reads the options of a script. `--help` and unknown arguments print the usage and end the script. */
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

/** Removes Node's hint on arguments that begin with a dash, because the scripts have no arguments. */
const withoutHint = (message) => message.replace(/ To specify a positional argument.*$/s, '');

/** Reads an option that is a count. Rejects an empty value too. */
export function wholeNumber(name, text, usage) {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  console.error(`\n--${name} must be a whole number, not "${text}".\n${usage}`);
  process.exit(1);
}

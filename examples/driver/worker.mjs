#!/usr/bin/env node
/** A worker that speaks the protocol of docs/attempt-protocol.md. The params of its programs are `{"numbers": […]}`. */
import { createInterface } from 'node:readline';

/** An error that the job's user must fix. */
class InputError extends Error {}

const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);
const programs = {
  add: (numbers) => ({ sum: sum(numbers) }),
  mean: (numbers) => {
    if (numbers.length === 0) throw new InputError('The mean of no numbers is not defined.');
    return { mean: sum(numbers) / numbers.length };
  },
};

const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

function numbersIn(params, { most_numbers: most }) {
  const { numbers } = JSON.parse(params);
  if (!Array.isArray(numbers) || !numbers.every((each) => typeof each === 'number'))
    throw new InputError("'numbers' must be a list of numbers.");
  if (numbers.length > most) throw new InputError(`A job may have ${most} numbers, not ${numbers.length}.`);
  return numbers;
}

function run({ job, token, program, params, backend }) {
  const of = { job, token };
  send({ type: 'started', ...of });
  try {
    const result = programs[program](numbersIn(params, backend.options));
    send({ type: 'result', ...of, outcome: 'completed', result: JSON.stringify(result) });
  } catch (error) {
    const isInput = error instanceof InputError;
    send({
      ...{ type: 'result', ...of, outcome: 'failed', fault: isInput ? 'input' : 'program' },
      ...{ message: error.message, reason_code: null, traceback: isInput ? null : error.stack },
    });
  }
}

send({
  ...{ type: 'ready', protocol: 2, pid: process.pid, programs: Object.keys(programs) },
  ...{ not_repeatable: [], versions: { node: process.version } },
});
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line);
    if (message.type === 'shutdown') process.exit(0);
    // A job ends at once, so there is never a running job to cancel.
    if (message.type === 'start') run(message);
  })
  .on('close', () => process.exit(0));

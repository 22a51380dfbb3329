import type { Script } from '../kernel/job/job.js';
import { Refusal } from '../kernel/refusal.js';
import { membersOf } from './json-text.js';
import { seconds } from '../kernel/time.js';

/**
 * Reads the params of program `scripted`: `{"duration": seconds, "outcome": "completed" | "failed", "result": any}`
 * (semantics: clock and scripted backends). The result is answered as
 * the JSON text it is.
 */
export function readScript(params: string): { script: Script; result: string } {
  let asked: Map<string, string>;
  try {
    asked = membersOf(params);
  } catch {
    throw wrong('params of a scripted job must be a JSON object.');
  }
  const duration = read(asked.get('duration') ?? '0');
  const outcome = read(asked.get('outcome') ?? '"completed"');
  if (typeof duration !== 'number' || !Number.isSafeInteger(seconds(duration)) || duration < 0) {
    throw wrong('params.duration must be a number of seconds, 0 or more.');
  }
  if (outcome !== 'completed' && outcome !== 'failed') {
    throw wrong('params.outcome must be "completed" or "failed".');
  }
  return { script: { duration: seconds(duration), outcome }, result: asked.get('result') ?? 'null' };
}

/** Undefined for what is no plain JSON, such as NaN. */
function read(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const wrong = (message: string) =>
  new Refusal('invalid_value', message, 'For example {"duration": 5, "outcome": "completed", "result": 42}.');

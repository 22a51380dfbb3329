import type { Script } from '../kernel/job/job.js';
import { Refusal } from '../kernel/refusal.js';
import { seconds } from '../kernel/time.js';

/**
 * Reads the params of program `scripted`: `{"duration": seconds, "outcome": "completed" | "failed", "result": any}`
 * (semantics: clock and scripted backends). The result is answered as JSON text.
 */
export function readScript(params: string): { script: Script; result: string } {
  let asked: unknown;
  try {
    asked = JSON.parse(params);
  } catch {
    throw wrong('params of a scripted job must be a JSON object.');
  }
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) {
    throw wrong('params of a scripted job must be a JSON object.');
  }
  const { duration = 0, outcome = 'completed', result = null } = asked as Record<string, unknown>;
  if (typeof duration !== 'number' || !Number.isFinite(duration) || duration < 0) {
    throw wrong('params.duration must be a number of seconds, 0 or more.');
  }
  if (outcome !== 'completed' && outcome !== 'failed') {
    throw wrong('params.outcome must be "completed" or "failed".');
  }
  return { script: { duration: seconds(duration), outcome }, result: JSON.stringify(result) };
}

const wrong = (message: string) =>
  new Refusal('invalid_value', message, 'For example {"duration": 5, "outcome": "completed", "result": 42}.');

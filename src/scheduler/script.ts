import type { Script } from '../kernel/job/job.js';
import { Refusal } from '../kernel/refusal.js';
import { longMembersOf } from './long-json.js';
import { membersOf } from './json-text.js';
import type { LongText, Text } from './long-text.js';
import { seconds } from '../kernel/time.js';

/**
 * Reads the params of program `scripted`: `{"duration": seconds, "outcome": "completed" | "failed", "result": any}`
 * (semantics: clock and scripted backends). The result is returned as its JSON text.
 */
export function readScript(params: string): { script: Script; result: string } {
  let members: Map<string, string>;
  try {
    members = membersOf(params);
  } catch {
    throw new Refusal('script_invalid', { flaw: 'params' });
  }
  return { script: scriptOf(members), result: members.get('result') ?? 'null' };
}

/** Reads long params as {@link readScript} does. A long result is not copied, but stays a part of the params. */
export async function readLongScript(params: LongText): Promise<{ script: Script; result: Text }> {
  const members = new Map<string, string>();
  let result: Text = 'null';
  for (const { name, value } of await longMembersOf(params, ['duration', 'outcome', 'result'])) {
    if (name === 'result') result = value;
    else members.set(name, typeof value === 'string' ? value : '{}');
  }
  return { script: scriptOf(members), result };
}

function scriptOf(members: ReadonlyMap<string, string>): Script {
  const duration = read(members.get('duration') ?? '0');
  const outcome = read(members.get('outcome') ?? '"completed"');
  if (typeof duration !== 'number' || !Number.isSafeInteger(seconds(duration)) || duration < 0) {
    throw new Refusal('script_invalid', { flaw: 'duration' });
  }
  if (outcome !== 'completed' && outcome !== 'failed') {
    throw new Refusal('script_invalid', { flaw: 'outcome' });
  }
  return { duration: seconds(duration), outcome };
}

/** Parses a JSON text; undefined if it is not standard JSON, such as NaN. */
function read(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

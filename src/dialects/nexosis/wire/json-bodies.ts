import { isUtf8 } from 'node:buffer';
import { maxDepth, findFlaw } from '../../../scheduler/json-text.js';
import { invalidField, type NexosisError } from './errors.js';
import { isObject } from './fields.js';

/** Names the flaw and its position in the same words as the other dialects. */
export const invalidJson = (text: string): NexosisError =>
  invalidField('body', `The body is not valid JSON: ${findFlaw(text) ?? 'it cannot be read'}.`);

/** Names the kind of a value, to complete "must be …, not". */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null || typeof value === 'boolean') return String(value);
  return { string: 'a text', number: 'a number' }[typeof value as string] ?? 'an object';
}

/** Returns the first character that is not whitespace, which shows what kind of body it is. Empty if there is none. */
export function firstCharacter(bytes: Buffer): string {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while ([9, 10, 13, 32].includes(bytes[at] ?? 0)) at += 1;
  return bytes.toString('latin1', at, at + 1);
}

/** Returns whether a body counts as absent: it is empty, `""` or null (nexosis dialect, leniency). */
export const isEmptyBody = (bytes: Buffer): boolean =>
  firstCharacter(bytes) === '' ||
  (bytes.length < 100 && /^(""|null)$/.test(new TextDecoder().decode(bytes).trim()));

/**
 * Throws for a body of a type that is not accepted. Clients send JSON under any type or none, so a body passes if it
 * starts like JSON or is declared as JSON. The parser reports its flaws.
 */
export function refuseOtherTypes({ bytes, type }: { bytes: Buffer; type: string }, accepted: string): void {
  if (/json/i.test(type) || ['', '{', '[', '"'].includes(firstCharacter(bytes))) return;
  const problem =
    type === '' ? 'The body has no type and is not JSON' : `A body of type ${type} is not taken`;
  throw invalidField('Content-Type', `${problem}: send ${accepted}.`);
}

/** Returns the members of a small body, or none if it is empty. `accepted` names the types that the route accepts. */
export function readJson(body: { bytes: Buffer; type: string }, accepted: string): Record<string, unknown> {
  if (isEmptyBody(body.bytes)) return {};
  if (!isUtf8(body.bytes)) {
    refuseOtherTypes(body, accepted);
    throw invalidField('body', 'The body is not valid UTF-8.');
  }
  const text = new TextDecoder().decode(body.bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuseOtherTypes(body, accepted);
    throw invalidJson(text);
  }
  // A body with few lists and objects cannot be nested too deeply, so it is not read a second time.
  if (text.split(/[[{]/, maxDepth + 2).length > maxDepth + 1 && findFlaw(text) !== null)
    throw invalidJson(text);
  if (!isObject(value)) throw invalidField('body', `The body must be an object, not ${kindOf(value)}.`);
  return value;
}

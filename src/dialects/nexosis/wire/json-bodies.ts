import { isUtf8 } from 'node:buffer';
import { deepest, flawOf } from '../../../scheduler/json-text.js';
import { invalidField, type NexosisError } from './errors.js';
import { isObject } from './fields.js';

/** In the words in which the other dialects say it, with the place. */
export const noJson = (text: string): NexosisError =>
  invalidField('body', `The body is not valid JSON: ${flawOf(text) ?? 'it cannot be read'}.`);

/** A value by its kind, as the end of "it must be …, not". */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null || typeof value === 'boolean') return String(value);
  return { string: 'a text', number: 'a number' }[typeof value as string] ?? 'an object';
}

/** The first character that is no space: what a body was meant as. Empty for an empty body. */
export function beginningOf(bytes: Buffer): string {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while ([9, 10, 13, 32].includes(bytes[at] ?? 0)) at += 1;
  return bytes.toString('latin1', at, at + 1);
}

/** Nothing, `""` and null mean no body (nexosis dialect, leniency). */
export const isNoBody = (bytes: Buffer): boolean =>
  beginningOf(bytes) === '' ||
  (bytes.length < 100 && /^(""|null)$/.test(new TextDecoder().decode(bytes).trim()));

/**
 * Of a type that is not taken. Clients send JSON under any type or none, so a body that begins like JSON is read as JSON,
 * and what is called JSON is told where it is none.
 */
export function refuseOtherTypes({ bytes, type }: { bytes: Buffer; type: string }, taken: string): void {
  if (/json/i.test(type) || ['', '{', '[', '"'].includes(beginningOf(bytes))) return;
  const said = type === '' ? 'The body has no type and is no JSON' : `A body of type ${type} is not taken`;
  throw invalidField('Content-Type', `${said}: send ${taken}.`);
}

/** The members of a small body; none if there is no body. `taken` are the types that the route takes. */
export function readJson(body: { bytes: Buffer; type: string }, taken: string): Record<string, unknown> {
  if (isNoBody(body.bytes)) return {};
  if (!isUtf8(body.bytes)) {
    refuseOtherTypes(body, taken);
    throw invalidField('body', 'The body is not valid UTF-8.');
  }
  const text = new TextDecoder().decode(body.bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuseOtherTypes(body, taken);
    throw noJson(text);
  }
  // Bodies with few lists and objects are not read a second time.
  if (text.split(/[[{]/, deepest + 2).length > deepest + 1 && flawOf(text) !== null) throw noJson(text);
  if (!isObject(value)) throw invalidField('body', `The body must be an object, not ${kindOf(value)}.`);
  return value;
}

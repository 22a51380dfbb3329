import { getMetadataStorage, type ValidationError } from 'class-validator';

/** Type checks, which are reported first: if a value has the wrong type, its bounds and elements do not matter. */
const types = ['isArray', 'isObject', 'isString', 'isBoolean', 'isNumber', 'isInt', 'isDate', 'isInstance'];

/**
 * Returns one message for a member that is wrong, or one for each wrong member inside it. Messages contain the full
 * path of the member. The errors must have target and value.
 */
export function mistakesIn(error: ValidationError, path = ''): string[] {
  const { property, constraints = {}, children = [] } = error;
  const key = path === '' ? property : `${path}.${property}`;
  if ('whitelistValidation' in constraints) return [`${key} is not known here${knownBeside(error)}`];
  const rule = [...types, ...Object.keys(constraints)].find((name) => name in constraints);
  if (rule === undefined) return children.flatMap((child) => mistakesIn(child, key));
  if ('value' in error && error.value === undefined) return [`${key} is missing`];
  return [withKey(constraints[rule] ?? '', property, key)];
}

/** Lists the known members, because the validator's "should not exist" does not. */
function knownBeside({ target }: ValidationError): string {
  if (target === undefined) return '';
  const all = getMetadataStorage().getTargetValidationMetadatas(target.constructor, '', true, false);
  // The validator lists inherited members last; the example file has them first.
  const inherited = all.filter((rule) => rule.target !== target.constructor);
  const rules = [...inherited, ...all.filter((rule) => rule.target === target.constructor)];
  return `; known are: ${[...new Set(rules.map(({ propertyName }) => propertyName))].join(', ')}`;
}

/** Replaces the member's name at the start of the validator's message by its full path. */
function withKey(message: string, property: string, key: string): string {
  const begin = message.startsWith('each value in ') ? 'each value in ' : '';
  const rest = message.slice(begin.length);
  return rest.startsWith(property) ? begin + key + rest.slice(property.length) : `${key}: ${message}`;
}

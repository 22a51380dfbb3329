import { getMetadataStorage, type ValidationError } from 'class-validator';

/** Of a value that is of no right type its bounds say nothing, and of one that is no list neither do its elements. */
const types = ['isArray', 'isObject', 'isString', 'isBoolean', 'isNumber', 'isInt', 'isDate', 'isInstance'];

/**
 * What is wrong with a member, in one message, or with the members in it, in one for each. A member is called by its whole
 * path. It needs errors with target and value.
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

/** "should not exist" does not say what should. */
function knownBeside({ target }: ValidationError): string {
  if (target === undefined) return '';
  const all = getMetadataStorage().getTargetValidationMetadatas(target.constructor, '', true, false);
  // What a class inherits stands behind its own there, and before it in the file.
  const inherited = all.filter((rule) => rule.target !== target.constructor);
  const rules = [...inherited, ...all.filter((rule) => rule.target === target.constructor)];
  return `; known are: ${[...new Set(rules.map(({ propertyName }) => propertyName))].join(', ')}`;
}

/** The validator's messages begin with the name of the member, which in a nested object is not all of it. */
function withKey(message: string, property: string, key: string): string {
  const begin = message.startsWith('each value in ') ? 'each value in ' : '';
  const rest = message.slice(begin.length);
  return rest.startsWith(property) ? begin + key + rest.slice(property.length) : `${key}: ${message}`;
}

/** Building blocks of OpenAPI schemas. */

export const schemaOf = (name: string) => ({ $ref: `#/components/schemas/${name}` });

export const text = { type: 'string' };
export const integer = { type: 'integer' };
export const textOrNull = { ...text, nullable: true };
export const anyObject = { type: 'object', additionalProperties: true };
export const texts = { type: 'array', items: text };
export const object = (properties: object) => ({ type: 'object', properties });
export const oneOf = (...names: string[]) => ({ ...text, enum: names });
/** A page of a list: `members` is the name of the array. */
export const pageOf = (members: string, schema: string) =>
  object({ from: integer, total: integer, [members]: { type: 'array', items: schemaOf(schema) } });

/** Schemas for the description of the API. */

export const schemaOf = (name: string) => ({ $ref: `#/components/schemas/${name}` });

export const text = { type: 'string' };
export const whole = { type: 'integer' };
export const textOrNull = { ...text, nullable: true };
export const some = { type: 'object', additionalProperties: true };
export const texts = { type: 'array', items: text };
export const object = (properties: object) => ({ type: 'object', properties });
export const oneOf = (...names: string[]) => ({ ...text, enum: names });
const page = (what: object) => ({ from: whole, ...what });
export const pageOf = (members: string, schema: string) =>
  object(page({ total: whole, [members]: { type: 'array', items: schemaOf(schema) } }));

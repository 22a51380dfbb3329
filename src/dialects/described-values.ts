/** What the decorators of a request do not say about its values, for the description of the API. */

export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  nullable?: boolean;
  default?: unknown;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: boolean;
  oneOf?: object[];
  anyOf?: object[];
  enum?: unknown[];
}
export interface Parameter {
  in: string;
  name: string;
  required?: boolean;
  schema?: Schema;
}

/** All other numbers that a request holds are whole. */
const notWhole = ['shares', 'budget_seconds', 'advance_seconds'];

/** TypeScript has one type for all numbers. */
export const wholeOf = (name: string, schema: Schema): Schema =>
  schema.type === 'number' && !notWhole.includes(name) ? { ...schema, type: 'integer' } : schema;

/** A parameter with all that is known about its value. */
export function saidMore(path: string, parameter: Parameter): Parameter {
  const { name, schema } = parameter;
  if (schema === undefined) return parameter;
  const more = rules.find((rule) => rule.at.test(path) && rule.in === parameter.in && rule.name.test(name));
  if (more !== undefined) return { ...parameter, schema: { ...without$ref(schema), ...more.schema } };
  return { ...parameter, schema: wholeOf(name, schema) };
}

/** A reference stands alone. */
const without$ref = ({ $ref: _, ...others }: Schema): Schema => others;

const text = { type: 'string' };
const wholeAsText = { ...text, pattern: '^([0-9]{1,9})?$' };
const guid = { ...text, format: 'uuid' };
const moment = {
  anyOf: [
    { ...text, format: 'date-time' },
    { ...text, format: 'date' },
    { ...text, enum: [''] },
  ],
};
const wholeFrom = (minimum: number) => ({
  anyOf: [
    { type: 'integer', minimum, maximum: 1e15 - 1 },
    { ...text, enum: [''] },
  ],
});
/** Nothing is as good as a parameter that is missing. */
const word = (...names: string[]): Schema => ({ ...text, enum: [...names, ''] });
const words = (...names: string[]): Schema => ({ type: 'array', items: word(...names) });

const livy = /^\/livy\//;
const nexosis = /^\/nexosis\/v1\//;

/** The first that fits holds. */
const rules: readonly { at: RegExp; in: string; name: RegExp; schema: Schema }[] = [
  { at: livy, in: 'query', name: /^(from|size)$/, schema: wholeAsText },
  { at: livy, in: 'query', name: /^order$/, schema: text },
  { at: nexosis, in: 'path', name: /^id$/, schema: guid },
  { at: nexosis, in: 'query', name: /^page$/, schema: wholeFrom(0) },
  {
    at: nexosis,
    in: 'query',
    name: /^pageSize$/,
    schema: wholeFrom(1),
  },
  { at: nexosis, in: 'query', name: /Date$/, schema: moment },
  { at: /\/views\b/, in: 'query', name: /^cascade$/, schema: words('session', 'model', 'vocabulary') },
  { at: nexosis, in: 'query', name: /^cascade$/, schema: words('session', 'view', 'model', 'vocabulary') },
  { at: nexosis, in: 'query', name: /^type$/, schema: word('forecast', 'impact', 'model') },
  { at: nexosis, in: 'query', name: /^/, schema: text },
];

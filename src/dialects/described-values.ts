/** Rules about values of requests that the decorators cannot express, for the OpenAPI document. */

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

/** The only numbers in requests that may have a fraction. */
const fractions = ['shares', 'budget_seconds', 'advance_seconds'];

/** Turns `number` into `integer` unless the value may have a fraction: TypeScript has one type for both. */
export const integerOf = (name: string, schema: Schema): Schema =>
  schema.type === 'number' && !fractions.includes(name) ? { ...schema, type: 'integer' } : schema;

/** Returns a parameter with the first rule below that matches. */
export function withValueRules(path: string, parameter: Parameter): Parameter {
  const { name, schema } = parameter;
  if (schema === undefined) return parameter;
  const match = rules.find((rule) => rule.at.test(path) && rule.in === parameter.in && rule.name.test(name));
  if (match !== undefined) return { ...parameter, schema: { ...without$ref(schema), ...match.schema } };
  return { ...parameter, schema: integerOf(name, schema) };
}

/** OpenAPI ignores members beside `$ref`. */
const without$ref = ({ $ref: _, ...others }: Schema): Schema => others;

const text = { type: 'string' };
const integerText = { ...text, pattern: '^([0-9]{1,9})?$' };
const guid = { ...text, format: 'uuid' };
const moment = {
  anyOf: [
    { ...text, format: 'date-time' },
    { ...text, format: 'date' },
    { ...text, enum: [''] },
  ],
};
const integerFrom = (minimum: number) => ({
  anyOf: [
    { type: 'integer', minimum, maximum: 1e15 - 1 },
    { ...text, enum: [''] },
  ],
});
/** One of the names. An empty value means absent. */
const word = (...names: string[]): Schema => ({ ...text, enum: [...names, ''] });
const words = (...names: string[]): Schema => ({ type: 'array', items: word(...names) });

const livy = /^\/livy\//;
const nexosis = /^\/nexosis\/v1\//;

/** The first rule that matches applies. */
const rules: readonly { at: RegExp; in: string; name: RegExp; schema: Schema }[] = [
  { at: livy, in: 'query', name: /^(from|size)$/, schema: integerText },
  { at: livy, in: 'query', name: /^order$/, schema: text },
  { at: nexosis, in: 'path', name: /^id$/, schema: guid },
  { at: nexosis, in: 'query', name: /^page$/, schema: integerFrom(0) },
  {
    at: nexosis,
    in: 'query',
    name: /^pageSize$/,
    schema: integerFrom(1),
  },
  { at: nexosis, in: 'query', name: /Date$/, schema: moment },
  { at: /\/views\b/, in: 'query', name: /^cascade$/, schema: words('session', 'model', 'vocabulary') },
  { at: nexosis, in: 'query', name: /^cascade$/, schema: words('session', 'view', 'model', 'vocabulary') },
  { at: nexosis, in: 'query', name: /^type$/, schema: word('forecast', 'impact', 'model') },
  { at: nexosis, in: 'query', name: /^/, schema: text },
];

import type { OpenAPIObject } from '@nestjs/swagger';
import { integerOf, withValueRules, type Parameter, type Schema } from './described-values.js';

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
}

/**
 * Corrects the requests in the OpenAPI document, in place. The decorators do not express that null means absent or that
 * a member with a default is optional. Adds path parameters that no handler reads.
 */
export function describeRequests(
  document: OpenAPIObject,
  takesScalars: (path: string) => boolean,
): OpenAPIObject {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  const done = new Set<Schema>();
  for (const [path, methods] of Object.entries(document.paths))
    for (const operation of Object.values(methods as Record<string, Operation>)) {
      operation.parameters = [...parametersOf(operation), ...unreadNames(path, operation)].map((parameter) =>
        withValueRules(path, parameter),
      );
      // Livy's JSON mapper converts numbers to strings and strings to numbers, and its clients rely on that.
      const scalars = takesScalars(path);
      // In Livy and in the operator API an unknown member is a typing error. IBM's clients of other versions may send
      // more.
      const strict = scalars || /^\/api\/v1\/admin\//.test(path);
      for (const [type, content] of Object.entries(operation.requestBody?.content ?? {})) {
        if (type === 'text/csv') content.schema = { ...csv };
        const { schema } = content;
        if (schema === undefined || type === 'text/csv') continue;
        relax(schema, { schemas, done, scalars, strict });
        // Some bodies are described only by an example. They are objects too.
        if (schema.$ref === undefined) schema.type ??= 'object';
      }
    }
  return document;
}

/** The schema of every CSV body: a line of column names, then the rows. */
const csv: Schema & { example: string } = { example: 'day,sales\n2017-01-01,223.33\n' };

const parametersOf = ({ parameters = [] }: Operation): Parameter[] =>
  parameters.map((parameter) =>
    parameter.schema?.default === undefined ? parameter : { ...parameter, required: false },
  );

/** Returns the path parameters that the handler does not read. */
function unreadNames(path: string, { parameters = [] }: Operation): Parameter[] {
  const known = parameters.filter((each) => each.in === 'path').map(({ name }) => name);
  return [...path.matchAll(/\{(\w+)\}/g)]
    .map(([, name = '']) => name)
    .filter((name) => !known.includes(name))
    .map((name) => ({ in: 'path', name, required: true, schema: { type: 'string' } }));
}

interface RelaxOptions {
  /** All named schemas of the document. */
  readonly schemas: Readonly<Record<string, Schema>>;
  /** Schemas that are already relaxed: several requests may share one. */
  readonly done: Set<Schema>;
  /** Whether any scalar is accepted in the place of a string or an integer. */
  readonly scalars: boolean;
  /** Whether members that are not described are refused. */
  readonly strict: boolean;
}

/** Marks in place the members that may be missing or null, in this schema and in all schemas below it. */
function relax(schema: Schema, options: RelaxOptions): void {
  const target = schema.$ref === undefined ? schema : options.schemas[schema.$ref.split('/').at(-1) ?? ''];
  if (target === undefined || options.done.has(target)) return;
  options.done.add(target);
  if (target.items !== undefined) {
    relax(target.items, options);
    if (options.scalars) target.items = anyScalar(target.items);
  }
  if (options.strict && target.properties !== undefined) target.additionalProperties = false;
  const { properties = {} } = target;
  const required = (target.required ?? []).filter((name) => properties[name]?.default === undefined);
  for (const [name, member] of Object.entries(properties)) {
    relax(member, options);
    const exact = integerOf(name, member);
    const accepted = options.scalars && !stringsOnly.includes(name) ? anyScalar(exact) : exact;
    properties[name] = required.includes(name) ? accepted : orNull(accepted);
  }
  if (required.length > 0) target.required = required;
  else delete target.required;
}

/** Members that name what to run. They must be strings: a number there is a mistake of the client. */
const stringsOnly = ['code', 'kind', 'file', 'className'];

/**
 * Makes a schema nullable. Tools read `nullable` only beside `type` and without `enum`, so other schemas get an
 * alternative.
 */
const orNull = (schema: Schema): Schema =>
  Object.keys(schema).some((key) => ['$ref', 'oneOf', 'allOf', 'enum'].includes(key))
    ? { oneOf: [schema, { type: 'string', nullable: true, enum: [null] }] }
    : { ...schema, nullable: true };

function anyScalar(schema: Schema): Schema {
  if (schema.type === 'string') return { oneOf: [schema, { type: 'number' }, { type: 'boolean' }] };
  return schema.type === 'integer'
    ? { oneOf: [schema, { type: 'string', pattern: '^\\s*-?\\d+\\s*$' }] }
    : schema;
}

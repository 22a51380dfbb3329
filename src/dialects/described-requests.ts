import type { OpenAPIObject } from '@nestjs/swagger';
import { saidMore, wholeOf, type Parameter, type Schema } from './described-values.js';

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
}

/**
 * What every request may leave out or say in another way, for the description of the API: the decorators know neither that
 * null says as little as nothing, nor that a member with a default may be missing. Names in a path are described where no
 * handler reads them.
 */
export function describeRequests(document: OpenAPIObject): OpenAPIObject {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  const done = new Set<Schema>();
  for (const [path, methods] of Object.entries(document.paths))
    for (const operation of Object.values(methods as Record<string, Operation>)) {
      operation.parameters = [...parametersOf(operation), ...unreadNames(path, operation)].map((parameter) =>
        saidMore(path, parameter),
      );
      // Livy's JSON mapper reads numbers as text and text as numbers, and so do its clients.
      const scalars = /^\/livy\//.test(path);
      // IBM's clients may be of another age and send more; operators and Livy's users have misspelt it.
      const strict = scalars || /^\/api\/v1\/admin\//.test(path);
      for (const [type, sent] of Object.entries(operation.requestBody?.content ?? {})) {
        if (type === 'text/csv') sent.schema = { ...csv };
        const { schema } = sent;
        if (schema === undefined || type === 'text/csv') continue;
        relax(schema, { schemas, done, scalars, strict });
        // A body that has only an example is an object all the same.
        if (schema.$ref === undefined) schema.type ??= 'object';
      }
    }
  return document;
}

/** Rows below the names of their columns, whatever the same call takes as JSON. */
const csv: Schema & { example: string } = { example: 'day,sales\n2017-01-01,223.33\n' };

const parametersOf = ({ parameters = [] }: Operation): Parameter[] =>
  parameters.map((parameter) =>
    parameter.schema?.default === undefined ? parameter : { ...parameter, required: false },
  );

/** Names in the path that the handler does not ask for. */
function unreadNames(path: string, { parameters = [] }: Operation): Parameter[] {
  const known = parameters.filter((each) => each.in === 'path').map(({ name }) => name);
  return [...path.matchAll(/\{(\w+)\}/g)]
    .map(([, name = '']) => name)
    .filter((name) => !known.includes(name))
    .map((name) => ({ in: 'path', name, required: true, schema: { type: 'string' } }));
}

interface Relaxing {
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly done: Set<Schema>;
  readonly scalars: boolean;
  /** What is not described is refused. */
  readonly strict: boolean;
}

/** Marks in place what may be missing or null, here and in everything below. */
function relax(schema: Schema, how: Relaxing): void {
  const named = schema.$ref === undefined ? schema : how.schemas[schema.$ref.split('/').at(-1) ?? ''];
  if (named === undefined || how.done.has(named)) return;
  how.done.add(named);
  if (named.items !== undefined) {
    relax(named.items, how);
    if (how.scalars) named.items = anyScalar(named.items);
  }
  if (how.strict && named.properties !== undefined) named.additionalProperties = false;
  const { properties = {} } = named;
  const required = (named.required ?? []).filter((name) => properties[name]?.default === undefined);
  for (const [name, member] of Object.entries(properties)) {
    relax(member, how);
    const whole = wholeOf(name, member);
    const read = how.scalars && !textOnly.includes(name) ? anyScalar(whole) : whole;
    properties[name] = required.includes(name) ? read : orNull(read);
  }
  if (required.length > 0) named.required = required;
  else delete named.required;
}

/** What a session runs must come as a text: a number in its place is a slip. */
const textOnly = ['code', 'kind', 'file', 'className'];

/** `nullable` is heard only beside a type, and not by an enumeration. */
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

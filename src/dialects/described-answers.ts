import type { OpenAPIObject } from '@nestjs/swagger';
import { describeRequests } from './described-requests.js';
import { dialectOf, type ApiDescription, type Dialect } from './dialect.js';
import { schemaOf } from './schemas.js';

/**
 * Adds the answers of each dialect's operations to the OpenAPI document. The refusals of an operation follow from what
 * it takes: a token, a path parameter, a body or a query. Answers that decorators describe are kept.
 */
export function describeAnswers(described: OpenAPIObject, dialects: readonly Dialect[]): OpenAPIObject {
  const apiOf = (path: string) => dialectOf(dialects, path).api;
  const document = describeRequests(described, (path) => apiOf(path)?.convertsScalars === true);
  const dialectSchemas = dialects.map(({ api }) => api?.schemas);
  const schemas = Object.assign({}, document.components?.schemas, ...dialectSchemas) as Schemas;
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(methods as Record<string, Operation>)) {
      const route = `${method.toUpperCase()} ${path}`;
      const api = apiOf(path);
      if (api === undefined) continue;
      const descriptions = { ...refusalsOf(operation, api), ...extrasOf(route, api) };
      for (const [status, description] of Object.entries(descriptions))
        operation.responses[status] ??= { description, ...inJson(api.error) };
      for (const [status, answer] of Object.entries(operation.responses)) {
        if (!/^2/.test(status) || status === '204' || answer.content !== undefined) continue;
        const [, schema] = api.answers.find(([pattern]) => pattern.test(route)) ?? [];
        answer.content = inJson(schema).content;
      }
    }
  return { ...document, components: { ...document.components, schemas } };
}

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

interface DescribedAnswer {
  description: string;
  content?: object;
}

interface Operation {
  readonly security?: readonly object[];
  readonly parameters?: readonly { in: string }[];
  readonly requestBody?: object;
  readonly responses: Record<string, DescribedAnswer>;
}

function refusalsOf(
  { security = [], parameters = [], requestBody }: Operation,
  { refusalDescriptions }: ApiDescription,
) {
  const reads = requestBody !== undefined || parameters.some((each) => each.in === 'query');
  return {
    ...(security.length > 0 && { 401: refusalDescriptions[401], 403: refusalDescriptions[403] }),
    ...(parameters.some((each) => each.in === 'path') && { 404: refusalDescriptions[404] }),
    ...(reads && { 400: refusalDescriptions[400] }),
  };
}

/** Returns the descriptions, by status, that a dialect adds for this route. */
const extrasOf = (route: string, { extraDescriptions }: ApiDescription): Record<number, string> =>
  Object.assign(
    {},
    ...extraDescriptions.filter(([pattern]) => pattern.test(route)).map(([, answers]) => answers),
  ) as Record<number, string>;

const inJson = (schema?: string) => ({
  content: {
    'application/json': { schema: schema === undefined ? { type: 'object' } : schemaOf(schema) },
  },
});

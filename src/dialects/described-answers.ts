import type { OpenAPIObject } from '@nestjs/swagger';
import { describeRequests } from './described-requests.js';
import { ownerOf, type ApiDescription, type Dialect } from './dialect.js';
import { schemaOf } from './schemas.js';

/**
 * What the calls of each dialect answer, for the description of the API. How a call may be refused follows from what it
 * takes: a token, a name, a body or a query. What its decorators say already stays as it is.
 */
export function describeAnswers(described: OpenAPIObject, dialects: readonly Dialect[]): OpenAPIObject {
  const apiOf = (path: string) => ownerOf(dialects, path).api;
  const document = describeRequests(described, (path) => apiOf(path)?.scalars === true);
  const own = dialects.map(({ api }) => api?.schemas);
  const schemas = Object.assign({}, document.components?.schemas, ...own) as Schemas;
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(methods as Record<string, Operation>)) {
      const route = `${method.toUpperCase()} ${path}`;
      const api = apiOf(path);
      if (api === undefined) continue;
      const found = { ...refusalsOf(operation, api), ...ownOf(route, api) };
      for (const [status, description] of Object.entries(found))
        operation.responses[status] ??= { description, ...inJson(api.error) };
      for (const [status, answer] of Object.entries(operation.responses)) {
        if (!/^2/.test(status) || status === '204' || answer.content !== undefined) continue;
        const [, schema] = api.answers.find(([which]) => which.test(route)) ?? [];
        answer.content = inJson(schema).content;
      }
    }
  return { ...document, components: { ...document.components, schemas } };
}

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

interface Answer {
  description: string;
  content?: object;
}

interface Operation {
  readonly security?: readonly object[];
  readonly parameters?: readonly { in: string }[];
  readonly requestBody?: object;
  readonly responses: Record<string, Answer>;
}

function refusalsOf({ security = [], parameters = [], requestBody }: Operation, { words }: ApiDescription) {
  const reads = requestBody !== undefined || parameters.some((each) => each.in === 'query');
  return {
    ...(security.length > 0 && { 401: words[401], 403: words[403] }),
    ...(parameters.some((each) => each.in === 'path') && { 404: words[404] }),
    ...(reads && { 400: words[400] }),
  };
}

const ownOf = (route: string, { own }: ApiDescription): Record<number, string> =>
  Object.assign({}, ...own.filter(([which]) => which.test(route)).map(([, answers]) => answers)) as Record<
    number,
    string
  >;

const inJson = (schema?: string) => ({
  content: {
    'application/json': { schema: schema === undefined ? { type: 'object' } : schemaOf(schema) },
  },
});

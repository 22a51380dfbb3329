import type { OpenAPIObject } from '@nestjs/swagger';
import { describeRequests } from './described-requests.js';

/**
 * What the calls of Livy's and of Nexosis's clients answer, for the description of the API. How a call may be refused follows
 * from what it takes: a token, a name, a body or a query. What its decorators say already stays as it is.
 */
export function describeAnswers(described: OpenAPIObject): OpenAPIObject {
  const document = describeRequests(described);
  const schemas = { ...document.components?.schemas, ...livySchemas, ...nexosisSchemas } as Schemas;
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(methods as Record<string, Operation>)) {
      const route = `${method.toUpperCase()} ${path}`;
      const dialect = dialects.find(({ mount }) => mount.test(path));
      if (dialect === undefined) continue;
      const found = { ...refusalsOf(operation, dialect), ...ownOf(route, dialect) };
      for (const [status, description] of Object.entries(found))
        operation.responses[status] ??= { description, ...inJson(dialect.error) };
      for (const [status, answer] of Object.entries(operation.responses)) {
        if (!/^2/.test(status) || status === '204' || answer.content !== undefined) continue;
        const [, schema] = dialect.answers.find(([which]) => which.test(route)) ?? [];
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

interface Dialect {
  readonly mount: RegExp;
  /** Name of the schema of an error. */
  readonly error: string;
  /** In the words of the dialect. */
  readonly words: Readonly<Record<400 | 401 | 403 | 404, string>>;
  /** What only some calls answer. */
  readonly own: readonly (readonly [RegExp, Readonly<Record<number, string>>])[];
  /** Names of schemas; anything else is some object. */
  readonly answers: readonly (readonly [RegExp, string])[];
}

const dialects: readonly Dialect[] = [
  {
    mount: /^\/livy(\/|$)/,
    error: 'LivyError',
    words: {
      400: 'A value is not allowed, or the session does not run any more',
      401: 'No token, or one that is unknown, expired or revoked',
      403: 'It belongs to somebody else',
      404: 'No such session, batch or statement in this instance',
    },
    own: [
      [/^POST \/livy\/(sessions|batches)$/, { 409: 'The budget of the instance is used up' }],
      [
        /^POST .*\/(sessions|batches|statements)$/,
        {
          413: 'The body is too large',
          422: 'The Idempotency-Key came with another body before',
          507: 'The disk of the data folder is full',
        },
      ],
      [/\/\{statement\}/, { 400: 'The number of the statement is none' }],
      [
        /\/(submit-job|run-job|(add|upload)-(jar|file|pyfile)|jobs\/\{job\}(\/cancel)?)$/,
        { 400: "The job API of Livy's programmatic clients is not served" },
      ],
    ],
    answers: [
      [/^GET \/livy\/version$/, 'LivyVersion'],
      [/\/(sessions|batches)\/\{id\}\/state$/, 'LivyState'],
      [/\/(sessions|batches)\/\{id\}\/log$/, 'LivyLog'],
      [/^DELETE |\/(cancel|interrupt)$/, 'LivyMessage'],
      [/^GET .*\/statements$/, 'LivyStatements'],
      [/\/statements(\/\{statement\})?$/, 'LivyStatement'],
      [/^GET \/livy\/sessions$/, 'LivySessions'],
      [/^GET \/livy\/batches$/, 'LivyBatches'],
      [/\/sessions(\/\{id\}(\/connect)?)?$/, 'LivySession'],
      [/\/batches(\/\{id\})?$/, 'LivyBatch'],
    ],
  },
  {
    mount: /^\/nexosis\/v1\//,
    error: 'NexosisError',
    words: {
      400: 'The request is not valid; errorDetails say where',
      401: 'No token, or one that is unknown, expired or revoked',
      403: 'It is not allowed to this user, or not in this plan',
      404: 'There is no such thing in this instance',
    },
    own: [
      // Ids are GUIDs, and nothing is deleted without a filter.
      [/\{id\}|^DELETE /, { 400: 'The id is no GUID, or there is no filter; errorDetails say where' }],
      [/^POST .*\/sessions\//, { 404: 'There is no such data source in this instance' }],
      [/^(PUT|POST) /, { 507: 'The disk of the data folder is full' }],
      [/^PUT .*\/data\/|^POST .*\/predict$/, { 413: 'The body is larger than an upload may be' }],
      [
        /^POST .*\/sessions\//,
        {
          429: 'The budget of the instance is used up, or its plan allows no more pending jobs',
          503: 'No learner is set up',
        },
      ],
      [/^POST .*\/predict$/, { 503: 'No learner is set up, or it is busy' }],
    ],
    answers: [],
  },
];

function refusalsOf({ security = [], parameters = [], requestBody }: Operation, { words }: Dialect) {
  const reads = requestBody !== undefined || parameters.some((each) => each.in === 'query');
  return {
    ...(security.length > 0 && { 401: words[401], 403: words[403] }),
    ...(parameters.some((each) => each.in === 'path') && { 404: words[404] }),
    ...(reads && { 400: words[400] }),
  };
}

const ownOf = (route: string, { own }: Dialect): Record<number, string> =>
  Object.assign({}, ...own.filter(([which]) => which.test(route)).map(([, answers]) => answers)) as Record<
    number,
    string
  >;

const inJson = (schema?: string) => ({
  content: {
    'application/json': { schema: schema === undefined ? { type: 'object' } : schemaOf(schema) },
  },
});
const schemaOf = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const text = { type: 'string' };
const whole = { type: 'integer' };
const textOrNull = { ...text, nullable: true };
const some = { type: 'object', additionalProperties: true };
const texts = { type: 'array', items: text };
const object = (properties: object) => ({ type: 'object', properties });
const oneOf = (...names: string[]) => ({ ...text, enum: names });
const page = (what: object) => ({ from: whole, ...what });
const pageOf = (members: string, schema: string) =>
  object(page({ total: whole, [members]: { type: 'array', items: schemaOf(schema) } }));

const batchState = oneOf('not_started', 'starting', 'running', 'shutting_down', 'success', 'dead', 'killed');
const sessionState = oneOf(
  ...['not_started', 'starting', 'idle', 'busy', 'shutting_down', 'error', 'dead', 'killed', 'success'],
);
const ofAProcess = {
  id: whole,
  name: textOrNull,
  appId: textOrNull,
  owner: text,
  proxyUser: textOrNull,
  appInfo: some,
  log: texts,
};

const livySchemas = {
  LivyError: object({ msg: text }),
  LivyMessage: object({ msg: text }),
  LivyVersion: some,
  LivyState: object({ id: whole, state: sessionState }),
  LivyLog: object({ id: whole, from: whole, total: whole, log: texts }),
  LivySession: object({
    ...ofAProcess,
    state: sessionState,
    kind: text,
    ...{ ttl: textOrNull, idleTimeout: textOrNull, heartbeatTimeoutInSecond: whole },
    ...{ driverMemory: textOrNull, driverCores: whole, executorMemory: textOrNull, executorCores: whole },
    ...{ numExecutors: whole, queue: textOrNull, conf: some },
    ...{ archives: texts, files: texts, jars: texts, pyFiles: texts },
  }),
  LivySessions: pageOf('sessions', 'LivySession'),
  LivyBatch: object({ ...ofAProcess, state: batchState }),
  LivyBatches: pageOf('sessions', 'LivyBatch'),
  LivyStatement: object({
    id: whole,
    code: text,
    state: oneOf('waiting', 'running', 'available', 'cancelling', 'cancelled'),
    output: { ...some, nullable: true },
    progress: { type: 'number' },
    started: { ...whole, description: 'Milliseconds since 1970; 0 before' },
    completed: { ...whole, description: 'Milliseconds since 1970; 0 before' },
  }),
  LivyStatements: object({
    total_statements: whole,
    statements: { type: 'array', items: schemaOf('LivyStatement') },
  }),
};

const nexosisSchemas = {
  NexosisError: object({ statusCode: whole, message: text, errorType: text, errorDetails: some }),
};

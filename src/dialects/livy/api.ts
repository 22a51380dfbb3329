import type { ApiDescription } from '../dialect.js';
import { object, oneOf, pageOf, schemaOf, anyObject, text, textOrNull, texts, integer } from '../schemas.js';

const batchState = oneOf('not_started', 'starting', 'running', 'shutting_down', 'success', 'dead', 'killed');
const sessionState = oneOf(
  ...['not_started', 'starting', 'idle', 'busy', 'shutting_down', 'error', 'dead', 'killed', 'success'],
);
const processMembers = {
  id: integer,
  name: textOrNull,
  appId: textOrNull,
  owner: text,
  proxyUser: textOrNull,
  appInfo: anyObject,
  log: texts,
};

const schemas = {
  LivyError: object({ msg: text }),
  LivyMessage: object({ msg: text }),
  LivyVersion: anyObject,
  LivyState: object({ id: integer, state: sessionState }),
  LivyLog: object({ id: integer, from: integer, total: integer, log: texts }),
  LivySession: object({
    ...processMembers,
    state: sessionState,
    kind: text,
    ...{ ttl: textOrNull, idleTimeout: textOrNull, heartbeatTimeoutInSecond: integer },
    ...{ driverMemory: textOrNull, driverCores: integer, executorMemory: textOrNull, executorCores: integer },
    ...{ numExecutors: integer, queue: textOrNull, conf: anyObject },
    ...{ archives: texts, files: texts, jars: texts, pyFiles: texts },
  }),
  LivySessions: pageOf('sessions', 'LivySession'),
  LivyBatch: object({ ...processMembers, state: batchState }),
  LivyBatches: pageOf('sessions', 'LivyBatch'),
  LivyStatement: object({
    id: integer,
    code: text,
    state: oneOf('waiting', 'running', 'available', 'cancelling', 'cancelled'),
    output: { ...anyObject, nullable: true },
    progress: { type: 'number' },
    started: { ...integer, description: 'Milliseconds since 1970; 0 before the start' },
    completed: { ...integer, description: 'Milliseconds since 1970; 0 before the end' },
  }),
  LivyStatements: object({
    total_statements: integer,
    statements: { type: 'array', items: schemaOf('LivyStatement') },
  }),
};

export const livyApi: ApiDescription = {
  security: (document) =>
    void document.addBasicAuth({
      type: 'http',
      scheme: 'basic',
      description: 'Your user name and an API token (Livy)',
    }),
  error: 'LivyError',
  refusalDescriptions: {
    400: 'A value is not allowed, or the session is no longer running',
    401: 'No token, or one that is unknown, expired or revoked',
    403: 'The session, batch or statement belongs to another user',
    404: 'No such session, batch or statement in this instance',
  },
  extraDescriptions: [
    [/^POST \/livy\/(sessions|batches)$/, { 409: 'The budget of the instance is used up' }],
    [
      /^POST .*\/(sessions|batches|statements)$/,
      {
        413: 'The body is too large',
        422: 'The Idempotency-Key was already used with another body',
        507: 'The disk of the data folder is full',
      },
    ],
    [/\/\{statement\}/, { 400: 'The statement must be a number' }],
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
  schemas,
  // Livy's JSON mapper converts numbers to strings and strings to numbers, and its clients rely on that.
  convertsScalars: true,
};

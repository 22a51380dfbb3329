import type { ApiDescription } from '../../dialect.js';
import { object, some, text, whole } from '../../schemas.js';

export const nexosisApi: ApiDescription = {
  security: (about) =>
    void about.addApiKey(
      { type: 'apiKey', in: 'header', name: 'api-key', description: 'An API token' },
      'api-key',
    ),
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
    [
      /^POST .*\/predict$/,
      { 429: 'The budget of the instance is used up', 503: 'No learner is set up, or it is busy' },
    ],
  ],
  answers: [],
  schemas: {
    NexosisError: object({ statusCode: whole, message: text, errorType: text, errorDetails: some }),
  },
};

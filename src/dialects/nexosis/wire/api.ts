import type { ApiDescription } from '../../dialect.js';
import { object, anyObject, text, integer } from '../../schemas.js';

export const nexosisApi: ApiDescription = {
  security: (about) =>
    void about.addApiKey(
      { type: 'apiKey', in: 'header', name: 'api-key', description: 'An API token' },
      'api-key',
    ),
  error: 'NexosisError',
  refusalDescriptions: {
    400: 'The request is invalid; errorDetails names the fields',
    401: 'The token is missing, unknown, expired or revoked',
    403: 'The rights of the user or the plan of the instance do not allow this',
    404: 'Your instance has no such resource',
  },
  extraDescriptions: [
    // Ids must be GUIDs, and a bulk delete needs a filter.
    [
      /\{id\}|^DELETE /,
      { 400: 'The id is not a GUID, or a filter is missing; errorDetails names the fields' },
    ],
    [/^POST .*\/sessions\//, { 404: 'Your instance has no such data source' }],
    [/^(PUT|POST) /, { 507: 'The disk of the data folder is full' }],
    [/^PUT .*\/data\/|^POST .*\/predict$/, { 413: 'The body is larger than the limit' }],
    [
      /^POST .*\/sessions\//,
      {
        429: 'The instance has used up its budget, or has as many pending jobs as its plan allows',
        503: 'No learner backend is configured',
      },
    ],
    [
      /^POST .*\/predict$/,
      {
        429: 'The instance has used up its budget',
        503: 'No learner backend is configured, or it is not online',
      },
    ],
  ],
  answers: [],
  schemas: {
    NexosisError: object({ statusCode: integer, message: text, errorType: text, errorDetails: anyObject }),
  },
};

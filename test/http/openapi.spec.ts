import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { TestService } from '../support/http.js';

interface Operation {
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly { in: string; name: string }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { description?: string; content?: object }>>;
}

let stint: TestService;
let served: string[];
let documented: Map<string, Operation>;
beforeAll(async () => {
  stint = await TestService.start();
  const { body } = await stint.call('GET', '/api/v1/docs/openapi.json', { token: null });
  const paths = Object.entries(body.paths as Record<string, Record<string, Operation>>);
  documented = new Map(
    paths.flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation]),
    ),
  );
  const fastify = stint.service.app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  served = routesIn(fastify.printRoutes({ commonPrefix: false })).filter(
    (route) => !/ \/api\/v1\/docs/.test(route),
  );
});
afterAll(() => stint.close());

/** Converts Fastify's tree of routes to lines like `GET /api/v1/jobs/{id}`. */
function routesIn(tree: string): string[] {
  const prefixes: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods] = /^([│ ]*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
    if (part === '') return [];
    const depth = indent.length / 4;
    prefixes.length = depth;
    prefixes.push((prefixes[depth - 1] ?? '') + part);
    const path = (prefixes[depth] ?? '').replace(/:(\w+)/g, '{$1}');
    return (methods ?? '')
      .split(', ')
      .filter((method) => method !== '' && method !== 'HEAD' && method !== 'OPTIONS')
      .map((method) => `${method} ${path}`);
  });
}

/** Routes whose errors have IBM's form. Each dialect has its own form. */
const ofThisDialect = (): [string, Operation][] =>
  [...documented].filter(([route]) => / (\/experimental)?\/api\/v1\//.test(route));

describe('the OpenAPI document', () => {
  it('lists every route that is served, and no others', () => {
    expect(served.length).toBeGreaterThan(50);
    expect([...documented.keys()].sort()).toEqual([...served].sort());
  });

  it('has a summary of each operation', () => {
    const silent = [...documented].filter(([, { summary = '' }]) => summary.length < 8);
    expect(silent.map(([route]) => route)).toEqual([]);
  });

  it('names the token of each operation that needs one, with 401 and 403', () => {
    for (const [route, { security, responses }] of ofThisDialect()) {
      expect([route, security?.length, Object.keys(responses)]).toEqual([
        ...[route, 1, expect.arrayContaining(['401', '403'])],
      ]);
    }
  });

  it('lists 404 for each operation with an id or name in its path', () => {
    for (const [route, { responses }] of ofThisDialect()) {
      if (route.includes('{'))
        expect([route, Object.keys(responses)]).toEqual([route, expect.arrayContaining(['404'])]);
    }
  });

  it('lists 400 for each operation with a body or a query', () => {
    for (const [route, { parameters = [], requestBody, responses }] of ofThisDialect()) {
      const reads = requestBody !== undefined || parameters.some((each) => each.in === 'query');
      const harmless = / .*\/jobs\/\{id\}$/.test(route);
      if (reads && !harmless)
        expect([route, Object.keys(responses)]).toEqual([route, expect.arrayContaining(['400'])]);
    }
  });

  it('describes every error with its code and schema', () => {
    const errors = ofThisDialect().flatMap(([route, { responses }]) =>
      Object.entries(responses)
        .filter(([status]) => Number(status) >= 400)
        .map(([status, answer]) => ({ what: `${route} ${status}`, answer })),
    );
    expect(errors.length).toBeGreaterThan(100);
    for (const { what, answer } of errors) {
      expect([what, answer]).toEqual([
        what,
        {
          description: expect.stringMatching(/\(\d{4}\)/),
          content: { 'application/json': { schema: { $ref: '#/components/schemas/ErrorAnswer' } } },
        },
      ]);
    }
  });

  it.each([
    ['/livy', 'LivyError', { 'POST /livy/sessions': ['400', '401', '403', '409', '413', '422', '507'] }],
    [
      '/nexosis/v1',
      'NexosisError',
      { 'PUT /nexosis/v1/data/{name}': ['400', '401', '403', '404', '413', '507'] },
    ],
  ])('lists the errors of the operations below %s, in the form of their dialect', (mount, form, examples) => {
    const theirs = [...documented].filter(([route]) => route.includes(` ${mount}`));
    expect(theirs.length).toBeGreaterThan(15);
    for (const [route, { security = [], responses }] of theirs) {
      const expected = [
        ...(security.length > 0 ? ['401', '403'] : []),
        ...(route.includes('{') ? ['404'] : []),
      ];
      expect([route, Object.keys(responses)]).toEqual([route, expect.arrayContaining(expected)]);
      for (const [status, answer] of Object.entries(responses)) {
        if (Number(status) < 400) continue;
        const schema = { $ref: `#/components/schemas/${form}` };
        expect([route, status, answer.content]).toEqual([route, status, { 'application/json': { schema } }]);
      }
    }
    for (const [route, refused] of Object.entries(examples))
      expect(Object.keys(documented.get(route)?.responses ?? {}).filter((each) => each >= '400')).toEqual(
        refused,
      );
  });

  it('declares no security for exactly the operations that need no token', async () => {
    const path = (route: string) => route.split(' ')[1]?.replace(/\{\w+\}/g, '1') ?? '';
    for (const [route, { security = [] }] of documented) {
      if (!route.startsWith('GET ')) continue;
      const { status } = await stint.call('GET', path(route), { token: null });
      expect([route, status === 401]).toEqual([route, security.length > 0]);
    }
  });

  it('describes every parameter in a path', () => {
    for (const [route, { parameters = [] }] of documented) {
      const named = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      const described = parameters.flatMap((each) => (each.in === 'path' ? [each.name] : [])).sort();
      expect([route, described]).toEqual([route, named]);
    }
  });

  it('requires no header', () => {
    const demanding = [...documented].filter(([, { parameters = [] }]) =>
      parameters.some((each) => each.in === 'header' && (each as { required?: boolean }).required),
    );
    expect(demanding.map(([route]) => route)).toEqual([]);
  });

  it('describes the content of each successful answer', () => {
    const silent = [...documented].flatMap(([route, { responses }]) =>
      Object.entries(responses)
        .filter(([status, { content }]) => /^20[01]$/.test(status) && content === undefined)
        .map(([status]) => `${route} ${status}`),
    );
    expect(silent).toEqual([]);
  });

  it.each([
    ['POST /livy/sessions/{id}/run-job', 'not served'],
    ['POST /livy/sessions/{id}/upload-pyfile', 'not served'],
    ['GET /livy/sessions/{id}/jobs/{job}', 'not served'],
    ['POST /livy/sessions/{id}/jobs/{job}/cancel', 'not served'],
    ['GET /livy/sessions/{id}/statements/{statement}', 'number'],
    ['POST /livy/sessions/{id}/statements/{statement}/cancel', 'number'],
  ])('describes why %s is refused in an existing session', (route, why) => {
    expect(documented.get(route)?.responses['400']?.description).toContain(why);
  });
});

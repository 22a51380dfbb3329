import { describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { describeRequests } from './described-requests.js';

const body = (schema: object) => ({ requestBody: { content: { 'application/json': { schema } } } });
const described = (path: string, operation: object, schemas: object = {}) => {
  const document = { paths: { [path]: { post: operation } }, components: { schemas } };
  const { paths, components } = describeRequests(document as unknown as OpenAPIObject, (at) =>
    at.startsWith('/livy/'),
  );
  return { operation: paths[path]?.post as unknown as Record<string, unknown>, schemas: components?.schemas };
};

describe('describeRequests', () => {
  it('makes members with a default optional, and optional members nullable', () => {
    const Instance = {
      type: 'object',
      required: ['name', 'shares'],
      properties: {
        name: { type: 'string' },
        shares: { type: 'number', default: 1 },
        plan: { $ref: '#/components/schemas/Plan' },
      },
    };
    const Plan = {
      type: 'object',
      required: ['modes'],
      properties: { modes: { type: 'array', default: [] } },
    };
    const ref = { $ref: '#/components/schemas/Instance' };
    expect(described('/instances', body(ref), { Instance, Plan }).schemas).toMatchObject({
      Instance: {
        required: ['name'],
        properties: {
          name: { type: 'string' },
          shares: { nullable: true },
          plan: { oneOf: [{ $ref: '#/components/schemas/Plan' }, { nullable: true, enum: [null] }] },
        },
      },
      Plan: { properties: { modes: { nullable: true } } },
    });
    expect(Instance.properties.name).toEqual({ type: 'string' });
    expect(Plan).not.toHaveProperty('required');
  });

  it('makes query parameters with a default optional', () => {
    const parameters = [{ in: 'query', name: 'limit', required: true, schema: { default: 20 } }];
    expect(described('/jobs', { parameters }).operation['parameters']).toMatchObject([{ required: false }]);
  });

  it('adds path parameters that no handler reads', () => {
    const parameters = [{ in: 'path', name: 'id', required: true }];
    expect(described('/sessions/{id}/jobs/{job}', { parameters }).operation['parameters']).toEqual([
      { in: 'path', name: 'id', required: true },
      { in: 'path', name: 'job', required: true, schema: { type: 'string' } },
    ]);
  });

  it('lets Livy clients send numbers as strings and strings as numbers', () => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, driverCores: { type: 'number' } },
    };
    described('/livy/sessions', body(schema));
    expect(schema.properties).toMatchObject({
      name: { oneOf: [{ oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] }, {}] },
      driverCores: { oneOf: [{ oneOf: [{ type: 'integer' }, { type: 'string' }] }, {}] },
    });
  });

  it('describes numbers as integers, with a few exceptions', () => {
    const schema = {
      type: 'object',
      properties: { cost: { type: 'number', minimum: 1 }, shares: { type: 'number' } },
    };
    const parameters = [{ in: 'query', name: 'limit', schema: { type: 'number', minimum: 1 } }];
    const { operation } = described('/jobs', { parameters, ...body(schema) });
    expect(operation['parameters']).toMatchObject([{ schema: { type: 'integer', minimum: 1 } }]);
    expect(schema.properties).toMatchObject({ cost: { type: 'integer' }, shares: { type: 'number' } });
  });

  it.each([
    ['/livy/sessions', 'query', 'from', { pattern: '^([0-9]{1,9})?$' }],
    ['/livy/sessions', 'query', 'order', { type: 'string' }],
    ['/nexosis/v1/models/{id}', 'path', 'id', { type: 'string', format: 'uuid' }],
    ['/nexosis/v1/models', 'query', 'page', { anyOf: [{ type: 'integer', minimum: 0 }, { enum: [''] }] }],
    ['/nexosis/v1/models', 'query', 'createdAfterDate', { anyOf: [{ format: 'date-time' }, {}, {}] }],
    ['/nexosis/v1/sessions', 'query', 'type', { enum: ['forecast', 'impact', 'model', ''] }],
    ['/nexosis/v1/views', 'query', 'cascade', { items: { enum: ['session', 'model', 'vocabulary', ''] } }],
    ['/nexosis/v1/data', 'query', 'partialName', { type: 'string' }],
  ])('%s: describes the values of the %s parameter %s', (path, place, name, schema) => {
    const parameters = [{ in: place, name, schema: {} }];
    expect(described(path, { parameters }).operation['parameters']).toMatchObject([{ schema }]);
  });

  it('allows no other members in the bodies of the operator API and of Livy', () => {
    const bodySchema = () => ({ type: 'object', properties: { name: { type: 'string' } } });
    const [livy, admin, ibm] = [bodySchema(), bodySchema(), bodySchema()];
    described('/livy/sessions', body(livy));
    described('/api/v1/admin/tokens', body(admin));
    described('/api/v1/jobs', body(ibm));
    expect([livy, admin, ibm].map((each) => 'additionalProperties' in each)).toEqual([true, true, false]);
  });

  it('describes a body that has only an example as an object, and gives text/csv an example in CSV', () => {
    const example = { data: [{ day: '2017-01-01' }] };
    const content = { 'application/json': { schema: { example } }, 'text/csv': { schema: { example } } };
    described('/nexosis/v1/data/{name}', { requestBody: { content } });
    expect(content).toMatchObject({
      'application/json': { schema: { type: 'object', example } },
      'text/csv': { schema: { example: 'day,sales\n2017-01-01,223.33\n' } },
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { describeRequests } from './described-requests.js';

const body = (schema: object) => ({ requestBody: { content: { 'application/json': { schema } } } });
const described = (path: string, operation: object, schemas: object = {}) => {
  const document = { paths: { [path]: { post: operation } }, components: { schemas } };
  const { paths, components } = describeRequests(document as unknown as OpenAPIObject);
  return { operation: paths[path]?.post as unknown as Record<string, unknown>, schemas: components?.schemas };
};

describe('the description of requests', () => {
  it('does not ask for a member that has a default, and says that null is as good as nothing', () => {
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

  it('does not ask for a query parameter that has a default', () => {
    const parameters = [{ in: 'query', name: 'limit', required: true, schema: { default: 20 } }];
    expect(described('/jobs', { parameters }).operation['parameters']).toMatchObject([{ required: false }]);
  });

  it('names what stands in a path and no handler reads', () => {
    const parameters = [{ in: 'path', name: 'id', required: true }];
    expect(described('/sessions/{id}/jobs/{job}', { parameters }).operation['parameters']).toEqual([
      { in: 'path', name: 'id', required: true },
      { in: 'path', name: 'job', required: true, schema: { type: 'string' } },
    ]);
  });

  it("lets Livy's texts be numbers, and its numbers text", () => {
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

  it('says of every number that it is whole, but of the few that are not', () => {
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
  ])('says what %s takes in its %s as %s', (path, place, name, schema) => {
    const parameters = [{ in: place, name, schema: {} }];
    expect(described(path, { parameters }).operation['parameters']).toMatchObject([{ schema }]);
  });

  it('says that operators and users of Livy may send no other members', () => {
    const sent = () => ({ type: 'object', properties: { name: { type: 'string' } } });
    const [livy, admin, ibm] = [sent(), sent(), sent()];
    described('/livy/sessions', body(livy));
    described('/api/v1/admin/tokens', body(admin));
    described('/api/v1/jobs', body(ibm));
    expect([livy, admin, ibm].map((each) => 'additionalProperties' in each)).toEqual([true, true, false]);
  });

  it('calls a body that has only an example an object, and CSV what is sent as CSV', () => {
    const example = { data: [{ day: '2017-01-01' }] };
    const content = { 'application/json': { schema: { example } }, 'text/csv': { schema: { example } } };
    described('/nexosis/v1/data/{name}', { requestBody: { content } });
    expect(content).toMatchObject({
      'application/json': { schema: { type: 'object', example } },
      'text/csv': { schema: { example: 'day,sales\n2017-01-01,223.33\n' } },
    });
  });
});

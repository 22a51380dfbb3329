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
      driverCores: { oneOf: [{ oneOf: [{ type: 'number' }, { type: 'string' }] }, {}] },
    });
  });
});

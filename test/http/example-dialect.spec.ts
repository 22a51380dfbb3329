import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ionq } from '../../examples/dialect/dialect.js';
import { dialects } from '../../src/app.module.js';
import { startService, type Service } from '../../src/service.js';
import { adminToken, givenConfig, TestService } from '../support/http.js';

const [folder, key] = [mkdtemp(join(tmpdir(), 'stint-')), adminToken];
let service: Service;
beforeAll(async () => {
  service = await startService(givenConfig(await folder), { dialects: [ionq, ...dialects] });
});
afterAll(async () => {
  await service.close();
  await rm(await folder, { recursive: true });
});

async function call(method: string, path: string, body?: unknown, authorization = `apiKey ${key}`) {
  const answer = await fetch(`${service.url}/ionq/v0.4${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const circuit = { qubits: 1, gateset: 'qis', circuit: [{ gate: 'h', target: 0 }], duration: 60 };
const submit = { type: 'ionq.circuit.v1', backend: 'b1', shots: 500, input: circuit };

describe('a fourth dialect, passed to the service as a value,', () => {
  it('creates, shows and cancels a job, with its own table', async () => {
    const made = await call('POST', '/jobs', { ...submit, name: 'Bell', metadata: { fizz: 'buzz' } });
    expect(made).toMatchObject({ status: 201, body: { status: 'ready', session_id: null } });
    const id = String(made.body['id']);
    expect(await call('GET', `/jobs/${id}`)).toMatchObject({
      status: 200,
      body: {
        ...{ id, status: 'started', type: 'ionq.circuit.v1', backend: 'b1', shots: 500, name: 'Bell' },
        ...{ metadata: { fizz: 'buzz' }, submitter_id: 'admin', failure: null, completed_at: null },
      },
    });
    expect(await call('PUT', `/jobs/${id}/status/cancel`)).toEqual({
      status: 200,
      body: { id, status: 'canceled' },
    });
    expect((await call('GET', `/jobs/${id}`)).body).toMatchObject({ status: 'canceled' });
    expect(await call('PUT', `/jobs/${id}/status/cancel`)).toMatchObject({
      status: 400,
      body: { message: `Job ${id} is canceled and cannot be canceled.` },
    });
  });

  it('opens a session, runs a job in it and ends it', async () => {
    const open = { backend: 'b2', settings: { duration_limit_min: 30 } };
    const made = await call('POST', '/sessions', open);
    expect(made).toMatchObject({ status: 201, body: { status: 'created', active: true, backend: 'b2' } });
    const id = String(made.body['id']);
    await call('POST', '/jobs', { ...submit, backend: 'b2', session_id: id });
    expect((await call('GET', `/sessions/${id}`)).body).toMatchObject({
      status: 'started',
      settings: { duration_limit_min: 30, expires_at: expect.any(String) },
    });
    expect(await call('POST', `/sessions/${id}/end`)).toMatchObject({
      status: 200,
      body: { id, status: 'ended', active: false },
    });
  });

  it.each([
    ['POST', '/jobs', { ...submit, shots: 0 }, 400, 'shots must not be less than 1'],
    ['POST', '/jobs', { ...submit, backend: 'none' }, 404, 'There is no backend'],
    ['POST', '/jobs', { ...submit, input: { duration: -1 } }, 400, 'input.duration is invalid'],
    ['POST', '/sessions', { backend: 'b1', settings: { duration_limit_min: 0.5 } }, 400, 'whole number'],
    ['GET', '/jobs/none', undefined, 404, 'There is no job none'],
    ['PATCH', '/jobs', undefined, 405, 'PATCH is not possible at /ionq/v0.4/jobs'],
    ['GET', '/whoami', undefined, 404, 'There is nothing at /ionq/v0.4/whoami'],
  ])('refuses %s %s in its own form', async (method, path, body, status, message) => {
    expect(await call(method, path, body)).toEqual({
      status,
      body: {
        ...{ statusCode: status, error: expect.stringMatching(/ Error$/) },
        message: expect.stringContaining(message),
      },
    });
  });

  it('refuses an unknown API key', async () => {
    expect(await call('GET', '/jobs/none', undefined, 'apiKey wrong')).toMatchObject({
      ...{ status: 401, body: { statusCode: 401, message: expect.stringContaining('unknown') } },
    });
  });

  it('does not change the other dialects', async () => {
    const answer = await fetch(`${service.url}/api/v1/jobs`, { headers: { authorization: `apikey ${key}` } });
    expect(await answer.json()).toHaveProperty('jobs');
    const nowhere = await fetch(`${service.url}/nowhere`);
    expect(await nowhere.json()).toMatchObject({ errors: [{ code: 1008 }] });
  });
});

it('a service without the dialect answers 404 at its paths', async () => {
  const stint = await TestService.start();
  const answer = await stint.call('POST', '/ionq/v0.4/jobs', { body: submit });
  expect(answer).toMatchObject({ status: 404, body: { errors: [{ code: 1008 }] } });
  await stint.close();
});

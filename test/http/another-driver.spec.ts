import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adder } from '../../examples/driver/driver.js';
import { drivers } from '../../src/app.module.js';
import { loadConfig } from '../../src/config/config.js';
import { eventually } from '../support/eventually.js';
import { errorOf, givenBackend, TestService } from '../support/http.js';
import { givenFolder } from '../support/store.js';

/** The service with one more driver, as if `app.module` listed it: see docs/drivers.md and examples/driver. */
const withAdder = { drivers: [...drivers, adder] };

let stint: TestService;
let alice: Awaited<ReturnType<TestService['user']>>;

beforeAll(async () => {
  const backends = [
    givenBackend({ name: 'sums', driver: 'adder', lanes: 2 }),
    givenBackend({ name: 'short', driver: 'adder', options: { most_numbers: 2 } }),
  ];
  stint = await TestService.start({ backends, warm_workers: 0 }, undefined, withAdder);
  alice = await stint.user('alice');
});
afterAll(() => stint.close());

const submit = (backend: string, program_id: string, params: object, more: object = {}) =>
  alice.post('/jobs', { backend, program_id, params, ...more });

async function ended(answer: { body: { id?: unknown } }) {
  const id = String(answer.body.id);
  const job = await eventually('its end', async () => {
    const { body } = await alice.get(`/jobs/${id}`);
    return ['Completed', 'Failed'].includes(body.status as string) && body;
  });
  return { ...job, result: (await alice.get(`/jobs/${id}/results`)).body };
}

const propose = (name: string, driver: string, options: object) =>
  stint.admin.post('/admin/backends', { name, driver, options });

describe('a driver from another folder', () => {
  it('runs jobs of programs that only its workers list', async () => {
    expect(await ended(await submit('sums', 'add', { numbers: [1, 2, 3] }))).toMatchObject({
      status: 'Completed',
      result: { sum: 6 },
    });
  });

  it('runs jobs of a session', async () => {
    const { id } = (await alice.post('/sessions', { backend: 'sums', mode: 'batch' })).body;
    expect(await ended(await submit('sums', 'mean', { numbers: [1, 3] }, { session_id: id }))).toMatchObject({
      status: 'Completed',
      session_id: id,
      result: { mean: 2 },
    });
  });

  it('refuses an unknown program and names the programs of its workers', async () => {
    expect(errorOf(await submit('sums', 'multiply', { numbers: [] }))).toMatchObject({
      status: 404,
      message: 'Backend sums has no program called multiply.',
      solution: 'It runs: add, mean.',
    });
  });

  it('passes the options of the backend to its workers, with its own defaults', async () => {
    const numbers = Array.from({ length: 1001 }, () => 1);
    const long = await ended(await submit('sums', 'add', { numbers }));
    const short = await ended(await submit('short', 'add', { numbers: [1, 1, 1] }));
    expect([long.state.reason, short.state.reason]).toEqual([
      'A job may have 1000 numbers, not 1001.',
      'A job may have 2 numbers, not 3.',
    ]);
  });

  it.each([
    [{ most_numbers: 0 }, 'Backend b9: options.most_numbers must be a whole number above zero.', undefined],
    [
      { device: 'stint_line_5' },
      'Backend b9: options.device is not known to driver adder.',
      'Known are: most_numbers, stalled_after.',
    ],
  ])('refuses a backend with %j', async (options, message, solution) => {
    const error = errorOf(await propose('b9', 'adder', options));
    expect(error).toMatchObject({ status: 400, message, ...(solution !== undefined && { solution }) });
  });

  it('is listed when an unknown driver is refused', async () => {
    expect(errorOf(await propose('b9', 'subtracter', {})).solution).toBe(
      'Drivers are: scripted, aer, spark, learner, adder.',
    );
  });

  it('has backends that are not listed as quantum devices', async () => {
    const { body } = await alice.get('/backends', { headers: { 'ibm-api-version': '2025-01-01' } });
    expect(body).toEqual({ devices: [] });
    expect(errorOf(await alice.get('/backends/sums/configuration')).message).toBe(
      'Backend sums is no quantum device and has no configuration.',
    );
  });

  it('can be named in worker_environment of the configuration', async () => {
    const folder = await givenFolder();
    const file = join(folder, 'stint.yaml');
    await writeFile(file, 'worker_environment: { adder: [HOME], subtracter: [HOME] }');
    const load = () => loadConfig({ STINT_CONFIG: file }, folder, [], withAdder.drivers);
    expect(load).toThrow(
      'worker_environment.subtracter is not known here; known are: aer, spark, learner, adder',
    );
  });
});

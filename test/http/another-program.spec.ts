import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '../support/eventually.js';
import { errorOf, givenBackend, TestService } from '../support/http.js';

/**
 * Follows "Writing another program" of docs/attempt-protocol.md step by step, in a copy of the workers, with the real Python
 * environment. The second program hangs for ever in native code and holds Python's global lock.
 */
const project = resolve(import.meta.dirname, '../..');

const programs = {
  greet: `
import json

from kit.failures import InputError
from kit.repeat import not_repeatable

@not_repeatable
def run(params, backend, report):
    name = json.loads(params).get("name")
    if not isinstance(name, str):
        raise InputError("'name' must be a text.", 3211)
    report.progress(1, 1, "greeted")
    print("this goes to stderr")
    return json.dumps({"greeting": f"Hello {name} from {backend.num_qubits} qubits"})

def check(params, backend):
    json.loads(params)
`,
  deadlock: `
import ctypes

def run(params, backend, report):
    ctypes.PyDLL(None).pause()
    return "{}"

def check(params, backend):
    pass
`,
};

let home: string;
let stint: TestService;
let alice: Awaited<ReturnType<TestService['user']>>;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'stint-home-'));
  for (const name of ['jobworker', 'kit'])
    await cp(join(project, 'workers', name), join(home, 'workers', name), { recursive: true });
  for (const name of ['devices', 'package.json']) await symlink(join(project, name), join(home, name));
  const folder = join(home, 'workers', 'jobworker', 'programs');
  for (const [name, text] of Object.entries(programs)) await writeFile(join(folder, `${name}.py`), text);
  const list = join(folder, '__init__.py');
  const entries = (what: string) => Object.keys(programs).map((name) => `    "${name}": ${name}.${what},\n`);
  const text = (await readFile(list, 'utf8'))
    .replace('from . import ', 'from . import deadlock, greet, ')
    .replace(/(PROGRAMS: .*= \{\n)/, `$1${entries('run').join('')}`)
    .replace(/(CHECKS: .*= \{\n)/, `$1${entries('check').join('')}`);
  await writeFile(list, text);
  const options = { device: 'stint_line_5', noise: false, stalled_after: 2 };
  stint = await TestService.start({
    ...{ home, python: join(project, '.venv', 'bin', 'python'), warm_workers: 0 },
    backends: [givenBackend({ name: 'aer', driver: 'aer', options })],
  });
  alice = await stint.user('alice');
}, 300_000);
afterAll(async () => {
  await stint.close();
  await rm(home, { recursive: true, force: true });
});

const submit = (program_id: string, params: object, more: object = {}) =>
  alice.post('/jobs', { program_id, backend: 'aer', params, ...more });
const ended = (id: string) =>
  eventually('its end', async () => {
    const { body } = await alice.get(`/jobs/${id}`);
    return ['Completed', 'Failed', 'Cancelled'].includes(body.status as string) && body;
  });

describe('a program that was added as the attempt protocol describes', () => {
  it('runs even if no worker was started before its first job', async () => {
    const made = await submit('greet', { name: 'Ada' });
    expect(made.status).toBe(200);
    expect((await ended(made.body.id as string)).status).toBe('Completed');
    const results = await alice.get(`/jobs/${made.body.id}/results`);
    expect(JSON.parse(results.text)).toEqual({ greeting: 'Hello Ada from 5 qubits' });
  });

  it('fails a job with invalid params and gives the reason', async () => {
    const made = await submit('greet', { name: 1 });
    const { state } = await ended(made.body.id as string);
    expect(state).toMatchObject({ status: 'Failed', reason: "'name' must be a text.", reason_code: 3211 });
  });

  it('is listed beside the other programs when an unknown one is refused', async () => {
    expect(errorOf(await submit('gret', {}))).toMatchObject({
      status: 404,
      solution: 'It runs: sampler, estimator, executor, deadlock, greet.',
    });
  });
});

describe('a job that hangs in native code and holds the global lock of Python', () => {
  it('is queued again because its process uses no processor time', async () => {
    const session = (await alice.post('/sessions', { backend: 'aer', mode: 'batch' })).body.id as string;
    const made = await submit('deadlock', {}, { session_id: session });
    const cause = await eventually('that it is queued again', async () => {
      const { body } = await alice.get(`/sessions/${session}/events`);
      const events = body.events as { type: string; cause: string }[];
      return events.find(({ type }) => type === 'job.requeued')?.cause;
    });
    expect(cause).toBe('its runner was lost: its process used no processor time for 2 s');
    await alice.post(`/jobs/${made.body.id}/cancel`);
  });
});

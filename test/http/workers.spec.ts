import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { WorkerEnvironmentConfig } from '../../src/config/config.schema.js';
import { LivyConfig } from '../../src/dialects/livy/settings.js';
import { childrenOf } from '../../src/runners/process-table.js';
import { eventually } from '../support/eventually.js';
import { givenBackend, TestService, type GivenConfig } from '../support/http.js';
import { fakeDriver, livyUser } from '../support/livy.js';
import { sharedService } from '../support/shared-service.js';
import { flowers, givenAccount } from '../support/nexosis.js';

const support = join(import.meta.dirname, '../support');
const device = { device: 'stint_line_5', noise: false };
const backends = [
  givenBackend({ name: 'patient', driver: 'aer', options: { ...device, stalled_after: 0 } }),
  givenBackend({ name: 'aer', driver: 'aer', options: { ...device, stalled_after: 1 } }),
  Object.assign(
    givenBackend({ name: 'spark', driver: 'spark', slots: 2, options: { local_dirs: ['/srv'] } }),
    {
      on_idle: 'close',
    },
  ),
  givenBackend({ name: 'learner', driver: 'learner', lanes: 2 }),
  givenBackend({ name: 'predictor', driver: 'learner', options: { predict: true } }),
];

/** Starts a service whose workers are fakes; close it at the end. */
const start = (settings: GivenConfig = {}, folder?: string): Promise<TestService> =>
  TestService.start(
    {
      ...{ backends, livy: new LivyConfig(), stopped_after: 1, warm_workers: 1 },
      ...{ python: join(support, 'fake-worker.mjs'), spark_python: fakeDriver },
      ...{ learner_python: join(support, 'fake-learner.mjs') },
      ...settings,
    },
    folder,
  );
/** Ends all processes of Livy. */
async function tidy(stint: TestService): Promise<void> {
  const { body } = await stint.call('GET', '/livy/sessions');
  for (const { id } of body.sessions as { id: number }[]) await stint.call('DELETE', `/livy/sessions/${id}`);
  await eventually('the end of all drivers', () => workers('sparkdriver --folder').length === 0);
}
const before = process.env;

/** Returns the child processes started as `python -m module`, and the environment of each at its start. */
const workers = (module: string) =>
  childrenOf(process.pid).filter((pid) =>
    wordsOf(pid, 'cmdline').join(' ').includes(`-m ${module} `.trimEnd()),
  );
const environmentOf = (pid: number): string[] =>
  wordsOf(pid, 'environ')
    .map((line) => line.slice(0, line.indexOf('=')))
    .sort();

function wordsOf(pid: number, what: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}

/** Guards against process id 0: a signal to it would stop this test's own process group. */
function noProcess(): never {
  throw new Error('There is no such process.');
}

describe('the environment of a process', () => {
  const common = ['HOME', 'LANG', 'PATH', 'PYTHONUNBUFFERED'];

  beforeEach(() => {
    const { PATH, HOME = '/root' } = before;
    process.env = {
      ...{ PATH, HOME, LANG: 'C.UTF-8', JAVA_HOME: '/opt/java', SPARK_HOME: '/opt/spark' },
      ...{ STINT_ADMIN_TOKEN: 'x'.repeat(40), STINT_DATA: '/d', STINT_LEARNER_MEMORY: '700' },
      ...{ AWS_SECRET_ACCESS_KEY: 'x', GITHUB_TOKEN: 'x', SSH_AUTH_SOCK: '/s', LS_COLORS: 'x' },
    };
  });
  afterEach(() => {
    process.env = before;
  });

  describe('without settings', () => {
    const service = sharedService(() => start(), tidy);

    it('for quantum jobs contains only the allowed variables', async () => {
      await service();
      const [pid] = await eventually(
        'a worker',
        () => workers('jobworker').length === 1 && workers('jobworker'),
      );
      expect(environmentOf(pid ?? 0)).toEqual([...common, 'OMP_NUM_THREADS'].sort());
    });

    it('for training and prediction contains only the allowed variables', async () => {
      await service();
      const pids = await eventually(
        'two workers',
        () => workers('learner').length === 2 && workers('learner'),
      );
      for (const pid of pids)
        expect(environmentOf(pid)).toEqual([...common, 'OMP_NUM_THREADS', 'STINT_LEARNER_MEMORY'].sort());
    });

    it('for a Spark session or a batch contains only the allowed variables', async () => {
      const stint = await service();
      const alice = await livyUser(stint);
      const session = await alice.session();
      const batch = await alice.call('POST', '/batches', { file: 'hdfs:/a.jar', args: ['/no/such/gate', 0] });
      expect(batch.status).toBe(201);
      const allowed = [...common, 'JAVA_HOME', 'PYTHONPATH', 'SPARK_HOME'].sort();
      for (const module of ['sparkdriver --folder', 'sparkdriver.batch --folder']) {
        const [pid] = await eventually(module, () => workers(module).length === 1 && workers(module));
        expect([module, environmentOf(pid ?? 0)]).toEqual([module, allowed]);
      }
      await alice.call('DELETE', `/batches/${batch.body.id}`);
      await alice.call('DELETE', `/sessions/${session}`);
    });
  });

  it('also contains the variables that the operator names', async () => {
    const worker_environment = Object.assign(new WorkerEnvironmentConfig(), { aer: ['GITHUB_TOKEN'] });
    const stint = await start({ worker_environment });
    const [pid] = await eventually(
      'a worker',
      () => workers('jobworker').length === 1 && workers('jobworker'),
    );
    expect(environmentOf(pid ?? 0)).toContain('GITHUB_TOKEN');
    await stint.close();
  });
});

describe('in one service,', () => {
  const service = sharedService(() => start(), tidy);

  describe('a job whose worker is stopped or hung', () => {
    it.each([
      ['SIGSTOP', 'patient', { do: 'hang' }, 'its process was stopped and gave no sign of life for 1 s'],
      [null, 'aer', { do: 'wait for nothing' }, 'its process used no processor time for 1 s'],
    ] as const)(
      'is queued again and not charged, and its events contain the reason: %s',
      async (name, backend, params, why) => {
        const stint = await service();
        const instance = `lab-${backend}`;
        const alice = await stint.user('alice', instance);
        const [pid = noProcess()] = await eventually(
          'a worker',
          () => workers('jobworker').length === 1 && workers('jobworker'),
        );
        const session = (await alice.post('/sessions', { backend, mode: 'batch' })).body.id as string;
        const { id } = (
          await alice.post('/jobs', { program_id: 'sampler', backend, params, session_id: session })
        ).body as {
          id: string;
        };
        await eventually('its process', () => environmentOf(pid).length > 0);
        await stint.advance(50);
        if (name !== null) process.kill(pid, name);
        const events = await eventually('that it is queued again', async () => {
          const { body } = await alice.get(`/sessions/${session}/events`);
          const requeued = (body.events as { type: string; cause: string }[]).filter(
            ({ type }) => type === 'job.requeued',
          );
          return requeued.length > 0 && requeued;
        });
        expect(events[0]?.cause).toBe(`its runner was lost: ${why}`);
        expect((await stint.admin.get(`/admin/ledger?instance=${instance}`)).body.sums.charged_seconds).toBe(
          0,
        );
        await alice.post(`/jobs/${id}/cancel`);
      },
    );
  });

  describe('a Spark session whose driver is stopped', () => {
    it('is dead, and its statement fails with the reason', async () => {
      const stint = await service();
      const alice = await livyUser(stint);
      const id = await alice.session();
      const made = await alice.call('POST', `/sessions/${id}/statements`, { code: 'wait' });
      const [pid = noProcess()] = workers('sparkdriver');
      process.kill(pid, 'SIGSTOP');
      const why = 'its process was stopped and gave no sign of life for 1 s';
      const { output } = await alice.statementIn(
        id,
        made.body.id as number,
        'available',
        'cancelled',
        'error',
      );
      expect(output.evalue).toContain(why);
      expect((await alice.sessionIn(id, 'dead', 'error'))['log'].join('\n')).toContain('kind pyspark');
    });

    it('is dead even if only the JVM is stopped', async () => {
      const stint = await service();
      const alice = await livyUser(stint);
      const id = await alice.session({ kind: 'pyspark', conf: { 'fake.jvm': 'yes' } });
      const [driver = 0] = workers('sparkdriver');
      const [jvm = 0] = childrenOf(driver);
      process.kill(jvm, 'SIGSTOP');
      await alice.sessionIn(id, 'dead', 'error');
    });
  });

  describe('a batch whose process is stopped', () => {
    it('is dead', async () => {
      const stint = await service();
      const alice = await livyUser(stint);
      const { body } = await alice.call('POST', '/batches', {
        file: 'hdfs:/a.jar',
        args: ['/no/such/gate', 0],
      });
      const [pid = noProcess()] = await eventually(
        'a batch',
        () => workers('sparkdriver.batch').length === 1 && workers('sparkdriver.batch'),
      );
      process.kill(pid, 'SIGSTOP');
      await eventually(
        'its end',
        async () => (await alice.call('GET', `/batches/${body.id}`)).body.state === 'dead',
      );
    });
  });

  describe('a prediction', () => {
    it('runs on its own warm worker at normal priority, even while sessions use the others', async () => {
      const stint = await service();
      const alice = await givenAccount(stint, 'alice', 'lab-a');
      const warm = await eventually(
        'two workers',
        () => workers('learner').length === 2 && workers('learner'),
      );
      await alice.putCsv('data/flowers', flowers(20));
      const request = {
        dataSourceName: 'flowers',
        targetColumn: 'species',
        predictionDomain: 'Classification',
      };
      const trained = await alice.post('sessions/model', request);
      const { modelId } = (await alice.ended(trained.body.sessionId as string)).body;
      await alice.putCsv('data/hang', 'day,sales,do\n2017-01-01,1,hang\n2017-01-02,2,x');
      const days = 'startDate=2017-01-03&endDate=2017-01-04';
      for (let i = 0; i < 2; i += 1)
        await alice.post(`sessions/forecast?dataSourceName=hang&targetColumn=sales&${days}`);
      // Two sessions compute: one on the warm worker, one on a new worker.
      await eventually('a third worker', () => workers('learner').length === 3);
      const answer = await alice.post(`models/${modelId}/predict`, { data: [{ do: 'pid' }] });
      const pid = Number(answer.body.data[0].species);
      expect(warm).toContain(pid);
      expect(workers('learner')).toHaveLength(3);
      expect(getPriority(pid)).toBe(getPriority());
    });
  });
});

describe('a prediction on backends that are only in the database', () => {
  it('has a warm worker', async () => {
    const stint = await start();
    await stint.close('keep');
    const again = await start({ backends: [] }, stint.folder);
    await eventually('two workers', () => workers('learner').length === 2);
    expect((await again.admin.get('/admin/backends')).status).toBe(200);
    await again.close();
  });
});

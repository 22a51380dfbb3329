import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onProcess, owned, startStint, until } from './lib/processes.mjs';
import { quantile } from './lib/stats.mjs';
import { millis, row } from './lib/table.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** The largest input of a job, in bytes. */
const whole = 64e6;
const target = 100;

/**
 * Measures the polls of another session while a body of 64 MB arrives and is accepted, goes to a worker and back, and
 * is fetched. The baseline is the same polls on an idle service. Each client is a separate process.
 */
export async function bodies({ folder, quick, tell }) {
  const at = await folder();
  const config = join(at, 'bodies.yaml');
  await writeFile(
    config,
    `backends: []\nwarm_workers: 1\nlog_level: error\nnexosis: {body_limit: ${whole + 1e6}}\n`,
  );
  const stint = await startStint(at, {
    STINT_CONFIG: config,
    STINT_SPARK_PYTHON: here('../test/support/fake-driver.mjs'),
  });
  const [poller, client] = ['poll-worker', 'body-worker'].map((name) =>
    owned(fork(new URL(`lib/${name}.mjs`, import.meta.url))),
  );
  try {
    const [other, mine] = [await stint.user('other'), await stint.user('mine')];
    await stint.backend('busy');
    await stint.backend('runner', onProcess);
    await stint.backend('spark', { driver: 'spark' });
    const polled = await stint.call(
      'POST',
      '/jobs',
      { program_id: 'scripted', backend: 'busy', params: { duration: 1e5 } },
      other,
    );
    const ask = async (request) => {
      client.send({ port: stint.port, token: mine, ...request });
      const [answer] = await once(client, 'message');
      if (answer.error !== undefined || answer.status >= 300)
        throw new Error(`${request.path}: ${answer.error ?? `${answer.status} ${answer.text}`}`);
      return answer;
    };
    const polling = async (work) => {
      const path = `/api/v1/jobs/${polled.id}?exclude_params=true`;
      poller.send({ port: stint.port, token: other, path });
      const began = performance.now();
      const done = await work();
      poller.send('stop');
      const [{ taken }] = await once(poller, 'message');
      return { taken, done, seconds: (performance.now() - began) / 1000 };
    };
    const bytes = quick ? whole / 8 : whole;
    await polling(() => pause(1000)); // Warm-up: the code gets compiled.
    const idle = await polling(() => pause(quick ? 1000 : 3000));
    const rows = [];
    const measure = async (what, work) => {
      tell(`bodies: ${what}`);
      const found = await polling(work);
      rows.push(rowOf(what, found, idle.taken));
      tell(`  ${rows.at(-1).value.text}`);
      return found.done;
    };
    const cases = { ask, measure, stint, mine, bytes };
    await qiskit(cases);
    await livy(cases);
    await nexosis(cases);
    return rows;
  } finally {
    poller.kill();
    client.kill();
    await stint.stop();
  }
}

async function qiskit({ ask, measure, stint, mine, bytes }) {
  const job = { method: 'POST', path: '/api/v1/jobs', fill: 'x', bytes };
  const parts = (backend, program) => ({
    head: `{"program_id":"${program}","backend":"${backend}","params":{"text":"`,
    tail: '"}}',
  });
  const waiting = await measure('polls while params arrive and are stored', () =>
    ask({ ...job, ...parts('busy', 'scripted') }),
  );
  const { id } = JSON.parse(waiting.text);
  await measure('polls while params are fetched', () => ask({ method: 'GET', path: `/api/v1/jobs/${id}` }));
  const ran = await measure('polls while params go to a worker and come back as result', async () => {
    const { text } = await ask({ ...job, ...parts('runner', 'sampler') });
    const made = JSON.parse(text).id;
    await until('the end of the job', async () => {
      const { status } = await stint.call('GET', `/jobs/${made}?exclude_params=true`, undefined, mine);
      return status === 'Completed' ? true : undefined;
    });
    return made;
  });
  const result = await measure('polls while a result is fetched', () =>
    ask({ method: 'GET', path: `/api/v1/jobs/${ran}/results` }),
  );
  if (result.size < bytes) throw new Error(`The result has ${result.size} bytes.`);
}

async function livy({ ask, measure, bytes }) {
  const get = async (path) => JSON.parse((await ask({ method: 'GET', path })).text);
  const head = '{"kind":"pyspark"';
  const made = await ask({ method: 'POST', path: '/livy/sessions', head, fill: ' ', bytes: 1, tail: '}' });
  const path = `/livy/sessions/${JSON.parse(made.text).id}`;
  await until('the session', async () => ((await get(path)).state === 'idle' ? true : undefined));
  await measure('polls while code arrives, runs and comes back as output', async () => {
    const code = { head: '{"code":"\'', fill: 'x', bytes, tail: '\'"}' };
    await ask({ method: 'POST', path: `${path}/statements`, ...code });
    await until('the output', async () => ((await get(`${path}/state`)).state === 'idle' ? true : undefined));
  });
  const shown = await measure('polls while a statement with its output is fetched', () =>
    ask({ method: 'GET', path: `${path}/statements/0` }),
  );
  if (shown.size < 2 * bytes) throw new Error(`The statement has ${shown.size} bytes.`);
  await ask({ method: 'DELETE', path });
}

async function nexosis({ ask, measure, bytes }) {
  const row = ',{"day":"2017-01-01","sales":12.5,"text":""}';
  // A row has 100 bytes, so a megabyte ends at the end of a row.
  const fill = row.replace('""', `"${'a'.repeat(100 - row.length)}"`);
  const parts = { head: '{"data":[{"day":"2017-01-01","sales":1}', fill, bytes, tail: ']}' };
  await measure('polls while a data set arrives and is stored', () =>
    ask({ method: 'PUT', path: '/nexosis/v1/data/large', ...parts }),
  );
}

function rowOf(what, { taken, seconds }, idle) {
  const figures = (all) => [0.5, 0.99, 1].map((q) => quantile(all, q));
  const shown = (all) => figures(all).map((n) => n.toFixed(1));
  const text = (all) => `p50 ${shown(all)[0]}, p99 ${shown(all)[1]}, worst ${shown(all)[2]} ms`;
  const worst = quantile(taken, 1);
  return row(
    what,
    { ...millis(worst), text: text(taken) },
    { ...millis(quantile(idle, 1)), text: text(idle), what: 'nothing else going on' },
    {
      ratio: quantile(taken, 0.99) / quantile(idle, 0.99),
      target: { text: `worst < ${target} ms`, met: worst < target },
      note: `${taken.length} polls in ${seconds.toFixed(1)} s`,
    },
  );
}

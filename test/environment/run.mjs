#!/usr/bin/env node
// Starts the built service with secrets in its environment, runs a real job of each kind (Aer, the learner, a Spark session
// with Python, Scala's JVM and R, a Spark batch), and compares the environment of every process with the allowed variables.
// Needs Linux's /proc. Part of `npm run check`. The closing line is `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientOf } from './client.mjs';
import { allowed, holdsSecret, machine, ofShells, secrets } from './names.mjs';
import { processes } from './processes.mjs';
import { pythonOf } from '../../scripts/lib/python.mjs';
import { portFree, startService } from '../../scripts/lib/service.mjs';
import { aerJob } from '../../scripts/torture/load.mjs';

const here = import.meta.dirname;
const adminToken = randomBytes(32).toString('hex');
const folder = await mkdtemp(join(tmpdir(), 'stint-environment-'));
/** A user's code that prints the variables of the session itself, of a worker of its executor, and of its JVM. */
const inPython = `
import json, os
print(json.dumps({
    "session": dict(os.environ),
    "worker": sc.parallelize([0], 1).map(lambda _: dict(os.environ)).collect()[0],
    "jvm": dict(sc._jvm.System.getenv().items()),
}))`;
const inR = "cat(names(Sys.getenv()), sep = '\\n')";

const findings = [];
function check(name, ok, detail = '') {
  findings.push(ok);
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}${ok ? '' : `: ${detail}`}`);
}

const conf = {
  'spark.driver.memory': '512m',
  'spark.driver.extraJavaOptions': '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC',
};
const configuration = {
  livy: {},
  backends: [
    { name: 'stint_line_5', driver: 'aer', options: { device: 'stint_line_5', noise: false } },
    { name: 'learner', driver: 'learner' },
    { name: 'predictor', driver: 'learner', options: { predict: true } },
    {
      ...{ name: 'spark', driver: 'spark', slots: 2 },
      options: { master: 'local[1]', local_dirs: [here], plain_r: true, conf },
    },
  ],
};

let service;
try {
  await writeFile(join(folder, 'stint.yaml'), JSON.stringify(configuration));
  service = await startService({
    port: await portFree(0),
    inherit: machine,
    env: {
      ...secrets(adminToken),
      STINT_DATA: join(folder, 'data'),
      STINT_LOG_LEVEL: 'error',
      STINT_CONFIG: join(folder, 'stint.yaml'),
      STINT_PYTHON: pythonOf('.venv'),
      STINT_SPARK_PYTHON: pythonOf('.venv-spark'),
      STINT_LEARNER_PYTHON: pythonOf('.venv-learn'),
    },
  });
  await compareAll(await clientOf(service.url, adminToken));
} finally {
  await service?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
}
const failed = findings.filter((ok) => !ok).length;
console.log(`${findings.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function compareAll(user) {
  const session = await user.livy('POST', '/sessions', { kind: 'shared' });
  try {
    await Promise.all([sparkBatch(user), sparkSession(user, session.id), user.aer(aerJob), user.learner()]);
    comparePrograms();
  } finally {
    // The session would outlive the service.
    await user.livy('DELETE', `/sessions/${session.id}`);
  }
}

/** Reads variables from the system that no job can print. */
function comparePrograms() {
  const { environment: own, below } = processes(service.pid);
  check(
    'the service itself has the secrets in its environment',
    holdsSecret(own) && own.STINT_ADMIN_TOKEN === adminToken,
  );
  const of = (words) =>
    below.filter(({ command }) => command.includes(words)).map((each) => each.environment);
  same('each worker of Aer', of('-m jobworker '), allowed.aer);
  same('each worker of the learner', of('-m learner '), allowed.learner);
  same('the driver of a Spark session at its start', of('-m sparkdriver '), allowed.driver);
  const leaks = below.filter(({ environment }) => holdsSecret(environment)).map(({ command }) => command);
  check('no process below the service has a secret', leaks.length === 0, leaks.join('\n'));
}

async function sparkSession(user, session) {
  const run = (code, kind) => user.statement(session, code, kind);
  const environments = JSON.parse(await run(inPython, 'pyspark'));
  same('a Spark session in Python', [environments.session], allowed.session);
  same("a Spark session's worker in Python", [environments.worker], allowed.pythonWorker);
  same("a Spark session's JVM", [environments.jvm], allowed.jvm);
  // R adds variables that differ between versions. A plain R shows them.
  const alone = spawnSync(
    'R',
    ['--no-save', '--no-restore', '--no-init-file', '--no-echo', '-e', 'cat(names(Sys.getenv()))'],
    {
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
      encoding: 'utf8',
    },
  ).stdout.split(' ');
  const names = (await run(inR, 'sparkr')).split('\n');
  const unexpected = names.filter((name) => !alone.includes(name) && !allowed.session.includes(name));
  check(
    'R in a Spark session has only the allowed variables and those that R adds',
    names.length > 5 && !unexpected.length,
    unexpected.join(),
  );
}

async function sparkBatch(user) {
  const path = join(folder, 'batch.json');
  await user.batch({ file: join(here, 'environ.py'), args: [path] });
  same('a Spark batch in Python', [JSON.parse(await readFile(path, 'utf8'))], allowed.batch);
}

/** Checks that there is at least one process, and that all have exactly these variables. */
function same(name, environments, names) {
  const results = environments.map((environment) => {
    const present = Object.keys(environment);
    const unexpected = present.filter((each) => !names.includes(each) && !ofShells.includes(each));
    const missing = names.filter((each) => !present.includes(each));
    return { present, unexpected, missing, hasSecret: holdsSecret(environment) };
  });
  const wrong = results.find(
    ({ unexpected, missing, hasSecret }) => unexpected.length > 0 || missing.length > 0 || hasSecret,
  );
  const right = results.length > 0 && wrong === undefined;
  check(`${name} has exactly the allowed environment`, right, JSON.stringify(wrong));
}

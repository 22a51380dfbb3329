import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { acceptanceFolder, playAcceptance } from './acceptance.mjs';
import { api } from './api.mjs';
import { fuzzApi } from './api-fuzz.mjs';
import { jestCounts, plainCounts, pytestCounts } from './counts.mjs';
import { playExamples } from './examples.mjs';
import { Failure } from './failure.mjs';
import { livyClients } from './livy-clients.mjs';
import { ensureBuild, ensureNodePackages } from './node-packages.mjs';
import { inRoot, readJson } from './project.mjs';
import { ensureVenv, pythonOf } from './python.mjs';
import { installing } from './network.mjs';
import { npm, run } from './run.mjs';
import { withService, withoutSettings } from './test-service.mjs';

/**
 * The time zone of each suite. Code that reads or writes a time in the machine's zone by mistake fails in these zones:
 * one is behind UTC, and two are ahead of it by a fraction of an hour.
 */
const zones = ['America/New_York', 'Asia/Kolkata', 'Pacific/Chatham'];

/**
 * The steps of `npm run check`, in order. `work(how)` runs a step and returns either a note (set-up) or the results of
 * its programs. `counts` reads the number of tests from their output. The steps in `needs` run first, even if not
 * requested. `zone` is the time zone of the step's processes.
 */
export async function checkSteps() {
  const { scripts } = await readJson(inRoot('package.json'));
  const generated = Object.keys(scripts).filter((name) => name.endsWith(':check') && name !== 'format:check');
  const venv = (name, ...requirements) => ({
    work: (how) => ensureVenv(name, requirements, how),
  });
  const steps = [
    { name: 'install', about: 'Node packages', work: ensureNodePackages },
    {
      name: 'python',
      about: 'Python packages, with the newest client',
      ...venv('.venv', 'workers/requirements.lock', 'workers/requirements-dev.txt'),
    },
    {
      name: 'python-client',
      about: 'a second environment with the older client',
      ...venv('.venv-client-0.49', 'workers/requirements-client-0.49.lock'),
    },
    {
      name: 'python-spark',
      about: 'a third environment with Apache Spark',
      ...venv('.venv-spark', 'workers/requirements-spark.lock', 'workers/requirements-spark-dev.txt'),
    },
    { name: 'java', about: 'Java 17 or newer, which Spark needs', work: java },
    { name: 'r', about: 'R 4, which sessions of kind sparkr need', work: r },
    {
      name: 'python-learn',
      about: 'the environment of the learner',
      ...venv('.venv-learn', 'workers/requirements-learn.lock'),
    },
    {
      name: 'python-livy',
      about: "Livy's clients, in an environment of their own",
      // Leaves out unused dependencies of the clients: notebooks, and Kerberos libraries, which need a compiler.
      work: (how) =>
        ensureVenv('.venv-livy-clients', ['workers/requirements-livy-clients.lock'], {
          ...how,
          options: ['--no-deps'],
        }),
    },
    { name: 'format', about: 'prettier, ruff format', needs: ['install', 'python'], work: format },
    { name: 'lint', about: 'eslint, ruff, citations and links', needs: ['install', 'python'], work: lint },
    {
      name: 'types',
      about: 'tsc, mypy',
      needs: ['install', 'python', 'python-spark', 'python-learn'],
      work: types,
    },
    ...generated.map((name) => ({
      name: name.replace(':check', ''),
      about: `npm run ${name}`,
      needs: ['install'],
      work: (how) => script(name, how),
    })),
    { name: 'build', about: 'src to dist', needs: ['install'], work: ensureBuild },
    { name: 'unit', about: 'jest', needs: ['install', 'python'], counts: jestCounts, work: jest },
    {
      name: 'workers',
      about: 'pytest of the workers',
      needs: ['python'],
      counts: pytestCounts,
      work: workers,
    },
    {
      name: 'spark',
      about: 'pytest of the Spark driver, with real Spark and R',
      needs: ['java', 'python-spark', 'r'],
      counts: pytestCounts,
      work: spark,
    },
    {
      name: 'learner',
      about: 'pytest of the learner',
      needs: ['python-learn'],
      counts: pytestCounts,
      work: learner,
    },
    {
      name: 'acceptance',
      about: 'scenarios over HTTP on a virtual clock',
      needs: ['install', 'build'],
      counts: plainCounts,
      work: (how) => playAcceptance(acceptanceFolder, how),
    },
    {
      name: 'restart',
      about: 'kill -9 of the service and of a worker, with real jobs',
      needs: ['install', 'build', 'python'],
      counts: plainCounts,
      work: (how) => run(process.execPath, [inRoot('scripts', 'torture', 'restart.mjs')], how),
    },
    {
      name: 'clients-livy',
      about: "pylivy, sparkmagic and Airflow's hook against a running service with real Spark",
      needs: ['install', 'build', 'java', 'python-spark', 'r', 'python-livy'],
      counts: pytestCounts,
      work: livyClients,
    },
    clients('0.51', '.venv', ['install', 'build', 'python']),
    nexosisClient('javascript', 'npm nexosis-api-client 3.0.0', plainCounts, [], nexosisJavaScript),
    {
      name: 'python-nexosis',
      about: 'an environment with the Python client of the Nexosis API',
      ...venv('.venv-nexosis-client', 'test/clients-nexosis/requirements.lock'),
    },
    nexosisClient('python', 'PyPI nexosisapi 3.0.85', pytestCounts, ['python-nexosis'], nexosisPython),
    clients('0.49', '.venv-client-0.49', ['install', 'build', 'python', 'python-client']),
    {
      name: 'python-qrmi',
      about: 'an environment with QRMI',
      ...venv('.venv-qrmi', 'workers/requirements-qrmi.lock'),
    },
    qiskitClients('clients-qrmi', 'QRMI 0.26', {
      venv: '.venv-qrmi',
      needs: ['install', 'build', 'python', 'python-qrmi'],
      folder: 'test/clients-qrmi',
    }),
    {
      name: 'environment',
      about: 'which environment variables real workers of each kind get from the service',
      needs: ['install', 'build', 'java', 'python', 'python-spark', 'python-learn', 'r'],
      counts: plainCounts,
      work: (how) => run(process.execPath, [inRoot('test', 'environment', 'run.mjs')], how),
    },
    {
      name: 'examples',
      about: 'the scripts of examples against one service with the example configuration',
      needs: [
        ...['install', 'build', 'java', 'python', 'python-spark', 'python-learn'],
        ...['python-livy', 'python-nexosis'],
      ],
      counts: plainCounts,
      work: playExamples,
    },
    {
      name: 'bench',
      about: 'that each bench runs, in its short form; its figures are not judged',
      needs: ['install', 'build'],
      work: (how) => run(process.execPath, [inRoot('bench', 'main.mjs'), '--quick', '--only', benches], how),
    },
    {
      name: 'python-schemathesis',
      about: 'an environment with Schemathesis',
      ...venv('.venv-schemathesis', 'workers/requirements-schemathesis.lock'),
    },
    {
      name: 'openapi',
      about: 'requests made from the description of the API, as a user and as an admin',
      needs: ['install', 'build', 'python-schemathesis'],
      work: (how) => fuzzApi(how),
    },
  ];
  const suites = steps.filter(({ counts }) => counts);
  return steps.map((step) =>
    step.counts ? { ...step, zone: zones[suites.indexOf(step) % zones.length] } : step,
  );
}

/** Those that need no Spark, no learner and no other server. */
const benches = 'start,submit,read,gap,lateness,choose,memory,bodies';

const script = (name, how) => run(npm, ['run', '--silent', name], how);
const pythonFolders = () =>
  [
    'workers',
    'bench',
    'examples',
    'scripts',
    'test/clients',
    'test/clients-livy',
    'test/clients-nexosis',
    'test/clients-qrmi',
    'test/environment',
  ].filter((folder) => existsSync(inRoot(folder)));
const ruff = (args, how) =>
  run(pythonOf('.venv'), ['-m', 'ruff', ...args, '--no-cache', ...pythonFolders()], how);

async function format(how) {
  return [await script('format:check', how), await ruff(['format', '--check'], how)];
}

async function lint(how) {
  const citations = run(process.execPath, [inRoot('scripts', 'citations.mjs')], how);
  return [await script('lint', how), await ruff(['check'], how), await citations];
}

/**
 * Type-checked Python folders, by the environment whose packages they import. Functions in `tests` need no annotations.
 */
const typed = [
  { venv: '.venv', paths: ['kit', 'jobworker'] },
  { venv: '.venv', paths: ['tests', '../scripts/make_devices.py'], tests: true, path: 'tests' },
  { venv: '.venv-learn', paths: ['learner'] },
  { venv: '.venv-learn', paths: ['../bench/quality'], path: '.' },
  { venv: '.venv-spark', paths: ['sparkdriver'] },
];
const untyped = ['untyped-defs', 'incomplete-defs', 'untyped-calls', 'untyped-decorators'].map(
  (what) => `--allow-${what}`,
);

async function types(how) {
  const results = [await script('types', how)];
  for (const { venv, paths, tests = false, path } of typed) {
    const cache = inRoot('data', 'mypy', paths[0].replaceAll(/\W/g, ''));
    const args = ['--cache-dir', cache, '--python-executable', pythonOf(venv), ...(tests ? untyped : [])];
    const env = { ...process.env, ...how.env, ...(path !== undefined && { MYPYPATH: path }) };
    const mypy = ['-m', 'mypy', ...args, ...paths];
    results.push(await run(pythonOf('.venv'), mypy, { ...how, env, cwd: inRoot('workers') }));
  }
  return results;
}

const jest = (how) => run(npm, ['test', '--silent', '--', '--ci'], how);

const workers = (how) => run(pythonOf('.venv'), ['-m', 'pytest', '-q'], { ...how, cwd: inRoot('workers') });

async function java({ log }) {
  const home = process.env.JAVA_HOME;
  const command = home ? join(home, 'bin', 'java') : 'java';
  const found = await run(command, ['-version'], { log }).catch(() => null);
  const version = /version "(\d+)/.exec(found?.output ?? '')?.[1];
  if (found?.code === 0 && Number(version) >= 17) return `Java ${version}`;
  throw new Failure(version ? `Java ${version} is too old.` : 'Java was not found.', {
    hint: 'Spark needs Java 17 or newer. On Debian: apt install openjdk-17-jre-headless.',
  });
}

async function r({ log }) {
  const found = await run('R', ['--version'], { log }).catch(() => null);
  const version = /R version (\d+)\.(\S+)/.exec(found?.output ?? '');
  if (found?.code === 0 && Number(version?.[1]) >= 4) return `R ${version[1]}.${version[2]}`;
  throw new Failure(version === null ? 'R was not found.' : `R ${version[1]}.${version[2]} is too old.`, {
    hint: 'Sessions of kind sparkr need R 4. On Debian: apt install r-base-core.',
  });
}

async function spark(how) {
  const args = ['-m', 'pytest', '-q', 'sparkdriver/tests'];
  return run(pythonOf('.venv-spark'), args, { ...how, cwd: inRoot('workers'), timeout: 900 });
}

/** Tests of the learner, in an environment with scikit-learn and statsforecast and without qiskit. */
const learner = (how) =>
  run(pythonOf('.venv-learn'), ['-m', 'pytest', '-q', 'learner/tests'], { ...how, cwd: inRoot('workers') });

/** Runs the real client against a real service with real workers, as two users of two instances. */
const clients = (version, venv, needs) =>
  qiskitClients(`clients-${version}`, `qiskit-ibm-runtime ${version}`, {
    venv,
    needs,
    folder: 'test/clients',
  });

const qiskitClients = (name, what, { venv, needs, folder }) => ({
  name,
  about: `${what} against a running service`,
  needs,
  counts: pytestCounts,
  work: (how) => {
    const env = { STINT_CONFIG: inRoot('stint.example.yaml'), STINT_PYTHON: pythonOf('.venv') };
    return withService({ env, log: how.log }, async ({ url, adminToken }) => {
      const admin = api(url, adminToken);
      const one = await admin('POST', '/admin/tokens', { user: 'alice', instance: 'check-1', role: 'user' });
      const two = await admin('POST', '/admin/tokens', { user: 'bob', instance: 'check-2', role: 'user' });
      const settings = {
        STINT_URL: url,
        STINT_TOKEN: one.token,
        STINT_CRN: one.crn,
        STINT_TOKEN_2: two.token,
        STINT_CRN_2: two.crn,
        STINT_ADMIN_TOKEN: adminToken,
      };
      const args = ['-m', 'pytest', folder, '-q'];
      return run(pythonOf(venv), args, { ...how, env: { ...withoutSettings(), ...settings }, timeout: 1800 });
    });
  },
});

/** Runs an unmodified Nexosis client against a real service with the real learner, as a user of a new instance. */
const nexosisClient = (language, about, counts, needs, work) => ({
  name: `nexosis-${language}`,
  about: `${about} against a running service`,
  needs: ['install', 'build', 'python-learn', ...needs],
  counts,
  work: (how) => {
    const env = { STINT_CONFIG: inRoot('stint.example.yaml'), STINT_LEARNER_PYTHON: pythonOf('.venv-learn') };
    return withService({ env, log: how.log }, async ({ url, adminToken }) => {
      const user = { user: 'alice', instance: `check-${language}`, role: 'user' };
      const { token } = await api(url, adminToken)('POST', '/admin/tokens', user);
      const settings = { STINT_URL: url, STINT_TOKEN: token };
      return work({ ...how, env: { ...withoutSettings(), ...settings }, timeout: 900 });
    });
  },
});

const nexosisFolder = 'test/clients-nexosis';

async function nexosisJavaScript(how) {
  const args = ['ci', '--silent', '--no-audit', '--no-fund', '--prefix', inRoot(nexosisFolder)];
  const installed = await installing(() => run(npm, args, how), how);
  if (installed.code !== 0) return installed;
  return run(process.execPath, [inRoot(nexosisFolder, 'client.mjs')], how);
}

const nexosisPython = (how) =>
  run(pythonOf('.venv-nexosis-client'), ['-m', 'pytest', nexosisFolder, '-q'], how);

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { api } from './api.mjs';
import { somethingOfEach } from './api-fuzz-data.mjs';
import { inRoot } from './project.mjs';
import { pythonOf } from './python.mjs';
import { run } from './run.mjs';
import { withService, withoutSettings } from './test-service.mjs';

const support = (name) => inRoot('test', 'support', name);

/** Every driver, with workers that start at once and compute nothing, because only the API is tested. */
const configuration = {
  spark_python: support('fake-driver.mjs'),
  learner_python: support('fake-learner.mjs'),
  backends: [
    { name: 'scripted', driver: 'scripted', lanes: 2 },
    { name: 'line', driver: 'scripted', options: { device: 'stint_line_5' } },
    { name: 'spark', driver: 'spark', slots: 2 },
    { name: 'learner', driver: 'learner' },
    { name: 'predictor', driver: 'learner', options: { predict: true } },
  ],
};

/**
 * Sends requests generated from the API description, as a user and as an admin, and checks every answer: no 5xx, only
 * described statuses, types and shapes, and no invalid request accepted. `more`: arguments of `st run`. Without `more`
 * the admin calls only what users may not call, because the other calls treat both alike and take minutes. `role`: run
 * only with the token of a `user` or of an `admin`.
 */
export async function fuzzApi(how, more, role) {
  const usual = ['--phases', 'examples,coverage'];
  const asAdmin = more ?? [...usual, '--include-path-regex', '^/api/v1/admin/'];
  let folder;
  const prepare = async (temporary) => {
    folder = temporary;
    const file = join(folder, 'stint.yaml');
    // JSON is YAML.
    await writeFile(file, JSON.stringify(configuration));
    return { STINT_CONFIG: file };
  };
  return withService({ prepare, log: how.log }, async ({ url, adminToken }) => {
    const admin = api(url, adminToken);
    const user = await admin('POST', '/admin/tokens', { user: 'alice', instance: 'check', role: 'user' });
    const wanted = [
      { name: 'user', token: user.token, selection: more ?? usual },
      { name: 'admin', token: adminToken, selection: asAdmin },
    ].filter(({ name }) => role === undefined || name === role);
    // Creates all data before the first run, so that the runs do not affect each other.
    for (const each of wanted) {
      each.settings = join(folder, `${each.name}.toml`);
      await writeFile(each.settings, await settingsFor(await somethingOfEach(url, each.token)));
    }
    const outcomes = [];
    for (const { name, token, selection, settings } of wanted) {
      how.onLine?.(`With the token of ${name === 'user' ? 'a user' : 'an admin'}:`);
      const report = join(folder, `${name}.ndjson`);
      const args = [
        ...['-m', 'schemathesis.cli', '--config-file', settings, 'run'],
        ...[`${url}/api/v1/docs/openapi.json`, '--url', url],
        ...['--report', 'ndjson', '--report-ndjson-path', report, ...selection],
      ];
      const progress = setInterval(() => void howFar(report).then(how.onLine), 30_000);
      const env = { ...withoutSettings(), STINT_FUZZ_TOKEN: token, PYTHONUNBUFFERED: '1' };
      const ended = run(pythonOf('.venv-schemathesis'), args, { ...how, env, timeout: 1800 });
      outcomes.push(await ended.finally(() => clearInterval(progress)));
    }
    for (const token of [user.token, adminToken]) await endSessions(url, token);
    return outcomes;
  });
}

/** Shows progress, because Schemathesis is silent until a phase ends. */
async function howFar(report) {
  const lines = (await readFile(report, 'utf8').catch(() => '')).split('\n');
  const phase = lines.findLastIndex((line) => line.startsWith('{"PhaseStarted"'));
  const name = /"name":"(\w+)"/.exec(lines[phase] ?? '')?.[1] ?? 'beginning';
  const done = lines.slice(phase).filter((line) => line.startsWith('{"ScenarioFinished"')).length;
  return `… ${name}: ${done} operations or sequences done`;
}

/** Returns the settings of Schemathesis, followed by the dictionaries of existing names and ids. */
async function settingsFor(things) {
  const settings = await readFile(inRoot('test', 'openapi', 'schemathesis.toml'), 'utf8');
  const dictionaries = Object.entries(things).map(
    ([name, values]) => `[dictionaries.${name}]\nvalues = ${JSON.stringify(values)}\n`,
  );
  return [settings, ...dictionaries].join('\n');
}

/** Closes the Livy sessions, because their processes would outlive this service. */
async function endSessions(url, token) {
  const headers = { authorization: `Bearer ${token}` };
  for (const what of ['sessions', 'batches']) {
    const listed = await fetch(`${url}/livy/${what}?size=1000`, { headers }).then((answer) => answer.json());
    for (const { id } of listed.sessions)
      await fetch(`${url}/livy/${what}/${id}`, { method: 'DELETE', headers });
  }
}

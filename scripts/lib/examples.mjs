import { api } from './api.mjs';
import { endAll } from './livy-clients.mjs';
import { inRoot } from './project.mjs';
import { pythonOf } from './python.mjs';
import { run } from './run.mjs';
import { withService, withoutSettings } from './test-service.mjs';

/** The scripts in `examples` that use a service, each with the program that runs it; at least one for each dialect. */
const scripts = [
  ['bash', 'curl/session.sh'],
  [pythonOf('.venv'), 'qiskit/bell_session.py'],
  [pythonOf('.venv'), 'qiskit/batch.py'],
  [pythonOf('.venv'), 'qiskit/vqe.py'],
  [pythonOf('.venv-nexosis-client'), 'nexosis/forecast.py'],
  [pythonOf('.venv-livy-clients'), 'livy/primes.py'],
];

/**
 * Runs the examples as their readers do: against one service with the example configuration, whose address and
 * credentials are in STINT_URL, STINT_TOKEN and STINT_CRN. A script has passed if its exit code is 0.
 */
export async function playExamples({ log, tell, onLine }) {
  const config = {
    STINT_CONFIG: inRoot('stint.example.yaml'),
    STINT_PYTHON: pythonOf('.venv'),
    STINT_SPARK_PYTHON: pythonOf('.venv-spark'),
    STINT_LEARNER_PYTHON: pythonOf('.venv-learn'),
  };
  return withService({ env: config, log }, async ({ url, adminToken }) => {
    const user = { user: 'alice', instance: 'examples', role: 'user' };
    const { token, crn } = await api(url, adminToken)('POST', '/admin/tokens', user);
    const env = {
      ...withoutSettings(),
      PYTHONUNBUFFERED: '1',
      ...{ STINT_URL: url, STINT_TOKEN: token, STINT_CRN: crn },
    };
    const failed = [];
    for (const [program, script] of scripts) {
      tell?.(script);
      const path = inRoot('examples', ...script.split('/'));
      const { code, output } = await run(program, [path], { env, log, onLine, timeout: 300 });
      if (code !== 0) failed.push(`examples/${script} ended with exit code ${code}:\n${output.trimEnd()}\n`);
    }
    await endAll(url, adminToken);
    const counts = `${scripts.length - failed.length} passed, ${failed.length} failed`;
    return { code: failed.length === 0 ? 0 : 1, output: [...failed, counts].join('\n') };
  });
}

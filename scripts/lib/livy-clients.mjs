import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { api } from './api.mjs';
import { inRoot } from './project.mjs';
import { pythonOf } from './python.mjs';
import { run } from './run.mjs';
import { portFree } from './service.mjs';
import { withService, withoutSettings } from './test-service.mjs';

const files = inRoot('test', 'clients-livy', 'files');

/** The configuration: Livy on a separate port for clients without credentials, and local Spark for three sessions. */
const configuration = (port) => ({
  livy: { port, anonymous: { user: 'ann', instance: 'check-livy' } },
  backends: [
    {
      ...{ name: 'spark', driver: 'spark', slots: 4 },
      options: {
        // SparkR is in no package index. Where it is not installed, R sessions run plain R.
        ...{ master: 'local[2]', local_dirs: [files], plain_r: true },
        conf: { 'spark.driver.memory': '1g', 'spark.sql.shuffle.partitions': '4' },
      },
    },
  ],
});

/** Runs the real clients of Livy against a real service with real Spark. */
export async function livyClients(how, ...more) {
  const port = await portFree(0);
  const prepare = async (folder) => {
    const file = join(folder, 'stint.yaml');
    // JSON is YAML.
    await writeFile(file, JSON.stringify(configuration(port)));
    return { STINT_CONFIG: file, STINT_SPARK_PYTHON: pythonOf('.venv-spark') };
  };
  return withService({ prepare, log: how.log }, async ({ url, adminToken }) => {
    const admin = api(url, adminToken);
    const user = await admin('POST', '/admin/tokens', {
      user: 'alice',
      instance: 'check-livy',
      role: 'user',
    });
    const settings = {
      STINT_LIVY: `http://127.0.0.1:${port}`,
      STINT_URL: url,
      STINT_USER: 'alice',
      STINT_TOKEN: user.token,
      STINT_ADMIN_TOKEN: adminToken,
      STINT_SPARK_FILES: files,
    };
    const args = ['-m', 'pytest', ...(more.length > 0 ? more : [inRoot('test', 'clients-livy')]), '-q'];
    const env = { ...withoutSettings(), ...settings };
    const outcome = await run(pythonOf('.venv-livy-clients'), args, { ...how, env, timeout: 1800 });
    await endAll(url, adminToken);
    return outcome;
  });
}

/** Closes sessions that a failed test left open, because their processes would outlive this service. */
export async function endAll(url, token) {
  const headers = { authorization: `Bearer ${token}` };
  for (const what of ['sessions', 'batches']) {
    const listed = await fetch(`${url}/livy/${what}`, { headers }).then((answer) => answer.json());
    for (const { id } of listed.sessions)
      await fetch(`${url}/livy/${what}/${id}`, { method: 'DELETE', headers });
  }
}

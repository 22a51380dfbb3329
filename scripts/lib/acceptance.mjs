import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { inRoot } from './project.mjs';
import { run } from './run.mjs';
import { withService } from './test-service.mjs';

/** Scenarios that are known to fail: file name → reason. */
export const exceptions = {};

export const acceptanceFolder = inRoot('test', 'acceptance');

/** Plays the scenarios in `folder` with the `run.mjs` next to them, against a service on a virtual clock. */
export async function playAcceptance(folder, { onLine, log } = {}) {
  const player = join(folder, 'run.mjs');
  if (!existsSync(player)) throw new Failure(`There is no ${player}.`);
  const scenarios = (await readdir(join(folder, 'scenarios')))
    .filter((name) => name.endsWith('.json') && !Object.hasOwn(exceptions, name))
    .sort()
    .map((name) => join(folder, 'scenarios', name));
  const prepare = async (temporary) => {
    const config = join(temporary, 'stint.yaml');
    await writeFile(config, 'backends: []\n');
    return { STINT_CONFIG: config, STINT_CLOCK: 'virtual' };
  };
  return withService({ prepare, log }, ({ url, adminToken }) =>
    run(process.execPath, [player, '--url', url, '--token', adminToken, ...scenarios], {
      onLine,
      log,
      timeout: 600,
    }),
  );
}

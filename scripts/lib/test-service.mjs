import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { portFree, startService } from './service.mjs';

/** Starts a service for one run, with a free port, an empty data folder and none of the user's settings. */
export async function withService({ prepare, env = {}, log }, work) {
  const temporary = await mkdtemp(join(tmpdir(), 'stint-check-'));
  // Cleans up after an interrupted run too.
  const remove = () => rmSync(temporary, { recursive: true, force: true });
  process.once('exit', remove);
  const adminToken = randomBytes(32).toString('hex');
  let service;
  try {
    const settings = {
      STINT_DATA: join(temporary, 'data'),
      STINT_ADMIN_TOKEN: adminToken,
      STINT_LOG_LEVEL: 'warn',
      ...env,
      ...(await prepare?.(temporary)),
    };
    service = await startService({ port: await portFree(0), inherit: withoutSettings(), env: settings, log });
    return await work({ url: service.url, adminToken });
  } finally {
    await service?.stop();
    process.removeListener('exit', remove);
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Returns the environment without variables that configure Stint or its clients. */
export const withoutSettings = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(STINT|QISKIT)_/.test(name)));

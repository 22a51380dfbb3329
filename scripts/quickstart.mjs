#!/usr/bin/env node
// `npm run quickstart`: goes from a fresh clone to a running service that has run a job. See README.md.
//   -- --once   stop after the demo; the exit code is 0 only if the Bell job ran and measured only 00 and 11
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clientEnvironment } from './lib/api.mjs';
import { Credentials } from './lib/credentials.mjs';
import { bellDemo, scriptedDemo } from './lib/demo.mjs';
import { Failure, report } from './lib/failure.mjs';
import { ensureBuild, ensureNodePackages, requireNode } from './lib/node-packages.mjs';
import { readOptions } from './lib/options.mjs';
import { dataFolder, readJson, shown } from './lib/project.mjs';
import { ensureVenv, pythonOf } from './lib/python.mjs';
import { portFree, startService } from './lib/service.mjs';
import { Steps } from './lib/steps.mjs';

const usage = 'Usage: npm run quickstart [-- --once]';
const say = (text = '') => console.log(text);
const data = dataFolder();
const lockFile = join(data, 'quickstart.lock');
const logFile = join(data, 'quickstart.log');
let service = null;

/** The path of the log, once there is one. */
let logShown;

async function main() {
  const { once } = readOptions({ once: { type: 'boolean', default: false } }, usage);
  requireNode();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void leave(signal));
  const wanted = wantedPort();
  await refuseSecondStart();
  const log = await openLog();

  const steps = new Steps(5);
  let python = null;
  let missing = null;
  await steps.step('Node packages', (tell) => ensureNodePackages({ tell, log }));
  await steps.step('Python packages', async (tell) => {
    try {
      const outcome = await preparePython({ tell, log });
      python = process.env.STINT_PYTHON || pythonOf('.venv');
      return outcome;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      missing = error;
      return 'not available';
    }
  });
  await steps.step('Build', (tell) => ensureBuild({ tell, log }));
  const credentials = await Credentials.open(data);
  await steps.step('Service', async () => {
    const { port, note } = await choosePort(wanted);
    const env = { STINT_DATA: data, ...(python && { STINT_PYTHON: python }) };
    service = await startService({ port, env, log, onWord: credentials.listen });
    await writeFile(lockFile, JSON.stringify({ pid: service.pid, url: service.url }), {
      mode: 0o600,
    });
    return `ready on ${service.url}${note}`;
  });
  let user;
  await steps.step('User token', async () => {
    user = await credentials.user(service.url);
    return `user "quickstart", instance "quickstart" (${shown(credentials.file)})`;
  });

  showAccess(credentials, user);
  const failure = await demo({ user, python, missing, log });
  if (failure) report(failure);
  if (once) {
    await stop();
    if (missing) say('\nThe Bell job was not run.');
    process.exit(failure || missing ? 1 : 0);
  }
  say(`\nServing on ${service.url} until Ctrl-C. Data: ${shown(data)}  Log: ${shown(logFile)}`);
  const { why } = await service.end;
  await rm(lockFile, { force: true });
  throw new Failure(`The service ended unexpectedly (${why}).`);
}

async function openLog() {
  await mkdir(data, { recursive: true, mode: 0o700 });
  if (existsSync(logFile)) await rename(logFile, `${logFile}.1`);
  logShown = shown(logFile);
  return createWriteStream(logFile, { mode: 0o600 });
}

function preparePython(how) {
  if (process.env.STINT_PYTHON) return `STINT_PYTHON, ${process.env.STINT_PYTHON}`;
  return ensureVenv('.venv', ['workers/requirements.lock'], how);
}

/** Refuses to start if a service runs already, because two services must not write one database. */
async function refuseSecondStart() {
  const other = existsSync(lockFile) ? await readJson(lockFile).catch(() => null) : null;
  if (!other) return;
  const answers = await fetch(`${other.url}/health/live`, { signal: AbortSignal.timeout(2000) }).catch(
    () => null,
  );
  if (!answers?.ok || !alive(other.pid)) return;
  throw new Failure(
    `Stint already runs on ${other.url} (process ${other.pid}) with the data in ${shown(data)}.`,
    {
      hint: 'Use it, stop it, or name another folder in STINT_DATA.',
    },
  );
}

function alive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function wantedPort() {
  const port = Number(process.env.STINT_PORT || 8080);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new Failure(`STINT_PORT must be a number up to 65535, not "${process.env.STINT_PORT}".`);
}

async function choosePort(wanted) {
  const port = await portFree(wanted);
  return port ? { port, note: '' } : { port: await portFree(0), note: `; port ${wanted} is taken` };
}

function showAccess({ admin, madeByService, file }, user) {
  const { url } = service;
  if (madeByService) {
    say('\nAdmin token, shown only this once (quickstart keeps it in ' + shown(file) + '):');
    say(`    ${admin}`);
    say('With it you make tokens for other people:');
    say(`    curl ${url}/api/v1/admin/tokens -H 'Authorization: Bearer ADMIN_TOKEN' \\`);
    say(`      -H 'Content-Type: application/json' -d '{"user": "alice", "instance": "lab-a"}'`);
  }
  say('\nPaste this where qiskit-ibm-runtime (0.49 or newer) runs, then use QiskitRuntimeService():\n');
  for (const [key, value] of Object.entries(clientEnvironment(url, user))) say(`export ${key}='${value}'`);
}

/** Runs the demo that is possible on this machine. Returns what failed, or null. */
async function demo({ user, python, missing, log }) {
  const show = (line) => say(`  ${line}`);
  try {
    if (missing) {
      const todo = [missing.message, missing.hint].filter(Boolean).join(' ').replace(/\s+/g, ' ');
      say(
        `\nQiskit jobs cannot run yet: ${todo} Then start quickstart again; until then the backend "scripted" works.`,
      );
      say('\nDemo: a scripted job in a session\n');
      await scriptedDemo({ url: service.url, user, show });
    } else {
      say('\nDemo: a Bell pair in a session (examples/qiskit/bell_session.py)\n');
      const counts = await bellDemo({ url: service.url, user, python, log, show });
      say(`\nThe service has the job as completed, with ${counts}.`);
    }
    return null;
  } catch (error) {
    return new Failure(`The demo failed: ${error.message}`, {
      output: error.output,
      hint: error.hint,
      log: logShown,
    });
  }
}

async function stop() {
  const inTime = await service?.stop();
  if (service) await rm(lockFile, { force: true });
  if (inTime === false) say('The service had to be killed: it did not stop within 20 s.');
}

let leaving = false;
async function leave(signal) {
  if (leaving) return;
  leaving = true;
  if (!service) process.exit(130);
  say('\nStopping…');
  await stop();
  say('Stopped. The data is kept; `npm run quickstart` goes on with it.');
  process.exit(signal === 'SIGINT' ? 0 : 143);
}

main().catch(async (error) => {
  if (leaving) return;
  await stop().catch(() => undefined);
  report(error, logShown);
  process.exit(1);
});

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const adminToken = 'bench-admin-token-of-at-least-32-characters';
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const running = new Set();

/** Ends the processes that a failed bench left running. */
export function endAll() {
  for (const child of running) child.kill('SIGKILL');
}

/** Ends `child` at the end of this run, even if the run fails. */
export function owned(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Starts a program and waits for the line with the address on which it listens. */
function startServer(args, env) {
  return new Promise((resolve, reject) => {
    const child = owned(
      spawn(process.execPath, args, {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      const port = /listens on http:\/\/[^:]+:(\d+)/.exec(output)?.[1];
      if (port !== undefined) resolve({ child, port: Number(port) });
    });
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with code ${code}: ${output}`)));
  });
}

const stop = (child) =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });

/** Returns the configuration of a backend whose jobs run on a process that speaks the attempt protocol. */
export const onProcess = { driver: 'aer', options: { device: 'stint_line_5' } };

export const mainFile = here('../../dist/main.js');
export const bareFile = here('../bare-server.mjs');

/** Starts the built service as `npm start` does, with a new database in `folder`. */
export async function startStint(folder, env = {}) {
  const config = join(folder, 'stint.yaml');
  await writeFile(config, 'backends: []\nwarm_workers: 1\nlog_level: error\n');
  const { child, port } = await startServer([mainFile], {
    ...{ STINT_CONFIG: config, STINT_DATA: join(folder, 'data'), STINT_PORT: '0', STINT_CLOCK: 'real' },
    ...{ STINT_ADMIN_TOKEN: adminToken, STINT_PYTHON: here('../fake-runner.mjs'), ...env },
  });
  const call = (method, path, body, token = adminToken) => callApi(port, method, path, body, token);
  return {
    ...{ port, call, pid: child.pid, stop: () => stop(child) },
    /** Creates a user in a new instance and returns the token. */
    async user(name) {
      return (await call('POST', '/admin/tokens', { user: name, instance: `lab-${name}`, role: 'user' }))
        .token;
    },
    backend: (name, how = {}) => call('POST', '/admin/backends', { name, driver: 'scripted', ...how }),
  };
}

async function callApi(port, method, path, body, token) {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return text === '' ? null : JSON.parse(text);
}

/** Starts the baseline server of `bare-server.mjs`. */
export async function startBare() {
  const { child, port } = await startServer([bareFile], {});
  return { port, pid: child.pid, stop: () => stop(child) };
}

/** Returns the resident memory of a process in megabytes. */
export function residentMegabytes(pid) {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

/** Polls until `probe` returns something other than undefined. */
export async function until(what, probe, seconds = 120) {
  const endsAt = performance.now() + seconds * 1000;
  while (performance.now() < endsAt) {
    const found = await probe();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what} did not happen within ${seconds} s.`);
}

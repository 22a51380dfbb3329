import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from './failure.mjs';
import { inRoot, root } from './project.mjs';

export const host = '127.0.0.1';

/** Returns the port if it is free, else null. 0 means any free port. */
export function portFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(null));
    probe.listen(port, host, () => {
      const { port: got } = probe.address();
      probe.close(() => resolve(got));
    });
  });
}

/**
 * Starts the built service and resolves when it is ready. The service gets its own process group, so that Ctrl-C
 * reaches only this script, which then stops the service in order.
 */
export async function startService({ port, env = {}, inherit = process.env, log, onWord, patience = 60 }) {
  const settings = { ...inherit, ...env, STINT_HOST: host, STINT_PORT: String(port) };
  const child = spawn(process.execPath, [inRoot('dist', 'main.js')], {
    cwd: root,
    env: settings,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const take = (text) => {
    output = (output + withoutTokens(text)).slice(-20_000);
    log?.write(withoutTokens(text));
  };
  child.stderr.setEncoding('utf8').on('data', take);
  // stdout has the messages for people, such as the admin token. The log goes to stderr.
  const words = createInterface({ input: child.stdout });
  words.on('line', (line) => {
    take(`${line}\n`);
    service.tls ||= /listens on https:/.test(line);
    onWord?.(line);
  });
  const spoken = once(words, 'line').catch(() => undefined);
  const service = {
    url: `http://${host}:${port}`,
    pid: child.pid,
    ended: null,
    tls: false,
    output: () => output,
  };
  const end = new Promise((resolve) => {
    child.once('error', (error) => resolve((service.ended = { code: 1, why: error.message })));
    child.once('close', (code, signal) =>
      resolve((service.ended = { code, why: signal ?? `exit code ${code}` })),
    );
  });
  const atExit = () => kill(child, 'SIGKILL');
  process.once('exit', atExit);
  end.then(() => process.removeListener('exit', atExit));
  service.end = end;
  service.stop = async (grace = 20) => {
    kill(child, 'SIGTERM');
    const late = Symbol();
    const waited = await Promise.race([end, pause(grace * 1000, late, { ref: false })]);
    if (waited === late) kill(child, 'SIGKILL');
    await end;
    process.removeListener('exit', atExit);
    return waited !== late;
  };
  await untilReady(service, patience);
  // The service may be ready before its output has been read.
  await Promise.race([spoken, pause(3000, undefined, { ref: false })]);
  return service;
}

/** Hides tokens, because people share logs when something fails. */
const withoutTokens = (text) => text.replace(/\bstint_[\w-]{32,}/g, 'stint_…');

/** Signals the whole process group, which includes the workers. */
function kill(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}

async function untilReady(service, patience) {
  const deadline = performance.now() + patience * 1000;
  while (performance.now() < deadline) {
    if (service.ended) {
      throw new Failure(`The service ended while it was starting (${service.ended.why}).`, {
        output: service.output(),
      });
    }
    if (service.tls) {
      await service.stop(5);
      throw new Failure('The configuration uses TLS, but this script supports only plain HTTP on loopback.', {
        hint: 'Start the service with npm start, or name another configuration in STINT_CONFIG.',
      });
    }
    const answer = await fetch(`${service.url}/health/ready`, { signal: AbortSignal.timeout(2000) }).catch(
      () => null,
    );
    if (answer?.status === 200) return;
    await pause(20);
  }
  await service.stop(5);
  throw new Failure(`The service was not ready after ${patience} s.`, { output: service.output() });
}

#!/usr/bin/env node
// Runs clients, among them the unmodified Qiskit client, through a proxy that drops the answers to every third
// POST /jobs. The clients repeat unanswered requests. Checks that there are exactly as many jobs as intended.
//
//   npm run torture:retries -- [--jobs 1000]
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { clientEnvironment } from '../lib/api.mjs';
import { readOptions, wholeNumber } from '../lib/options.mjs';
import { inRoot } from '../lib/project.mjs';
import { withService, withoutSettings } from '../lib/test-service.mjs';
import { client, scriptedJob } from './load.mjs';

const usage = 'Usage: npm run torture:retries [-- --jobs 1000]';
const { jobs } = readOptions({ jobs: { type: 'string', default: '1000' } }, usage);
const wanted = wholeNumber('jobs', jobs, usage);
const python = inRoot('.venv', 'bin', 'python');

const findings = await withService({}, async ({ url, adminToken }) => {
  const admin = client({ url, token: adminToken });
  const found = [];
  for (const [name, submitAll, early] of [
    ['a plain client that repeats', plain, true],
    ['a client that names its submits', named, false],
    ['the Qiskit client', qiskit, true],
  ]) {
    const user = await admin('POST', '/admin/tokens', { user: 'storm', instance: name.replaceAll(' ', '-') });
    const proxy = await droppingProxy(new URL(url).port, early);
    const answers = await submitAll(proxy.url, user);
    proxy.close();
    const { count } = await client({ url, token: user.token })('GET', '/jobs?limit=1');
    const ok = count === wanted && answers === wanted;
    console.log(
      `${ok ? 'ok  ' : 'FAIL'} ${name}: ${wanted} wanted, ${count} exist, ${answers} different answers; ` +
        `${proxy.posts()} POSTs, ${proxy.dropped()} answers dropped`,
    );
    found.push(ok);
  }
  return found;
});
const failed = findings.filter((ok) => !ok).length;
console.log(`${findings.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Submits several jobs at once, half of them with equal bodies, which must still be different submits. */
async function plain(url, { token }, headers = () => ({})) {
  const call = client({ url, token });
  const ids = new Set();
  let next = 0;
  const submit = async () => {
    while (next < wanted) {
      const body = scriptedJob(next % 2 === 0 ? 0 : 0.001);
      const named = headers(next);
      next += 1;
      for (let answer = null; answer === null;) {
        answer = await call('POST', '/jobs', body, named);
        if (answer === null) await pause(20);
        else ids.add(answer.id);
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, submit));
  return ids.size;
}

/** Like {@link plain}, but each submit has an Idempotency-Key. */
function named(url, user) {
  return plain(url, user, (n) => ({ 'idempotency-key': `storm-${n}` }));
}

/** Runs the unmodified client, configured by environment variables, for a user who repeats failed submits. */
async function qiskit(url, user) {
  const env = { ...withoutSettings(), ...clientEnvironment(url, user), STORM_JOBS: String(wanted) };
  const child = spawn(python, ['-W', 'ignore', inRoot('scripts', 'torture', 'storm.py')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await new Promise((resolve) => child.on('close', resolve));
  return Number(output.trim() || -1);
}

/**
 * Forwards every request, but every third POST /jobs gets no answer. `early`: the proxy closes the connection after the
 * request, so that the service notices. Otherwise the proxy drops the answer, and only an Idempotency-Key helps.
 */
async function droppingProxy(target, early) {
  let posts = 0;
  let dropped = 0;
  const server = createServer((near, answer) => {
    const drop = near.method === 'POST' && near.url.endsWith('/jobs') && (posts += 1) % 3 === 0;
    const chunks = [];
    near.on('data', (chunk) => chunks.push(chunk));
    near.on('end', () => {
      const body = Buffer.concat(chunks);
      if (drop) dropped += 1;
      if (drop && early) hangUpBehind(near, body, target);
      else forward(near, body, target, drop ? null : answer);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    posts: () => posts,
    dropped: () => dropped,
    close: () => server.close(),
  };
}

function forward(near, body, port, answer) {
  const { method, url: path, headers } = near;
  const far = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
  far.on('response', (from) => {
    if (answer === null) return near.socket.destroy();
    answer.writeHead(from.statusCode, from.headers);
    return from.pipe(answer);
  });
  far.on('error', () => near.socket.destroy());
  far.end(body);
}

function hangUpBehind(near, body, port) {
  const { method, url, rawHeaders } = near;
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  const far = connect(port, '127.0.0.1');
  far.on('error', () => undefined);
  // The proxy does not read. An answer that arrives before the close causes a reset, so the service notices either way.
  far.pause();
  far.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]), () => {
    far.destroy();
    near.socket.destroy();
  });
}

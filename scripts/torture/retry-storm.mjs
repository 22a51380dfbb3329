#!/usr/bin/env node
// Puts a proxy before the service that drops the answer of every third POST /jobs, and clients behind it that repeat what
// they got no answer to, the unmodified Qiskit client among them: as many jobs must exist as were wanted.
//
//   npm run torture:retries -- [--jobs 1000]
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { clientEnvironment } from '../lib/api.mjs';
import { inRoot } from '../lib/project.mjs';
import { withService, withoutSettings } from '../lib/test-service.mjs';
import { client, scriptedJob } from './load.mjs';

const { values } = parseArgs({ options: { jobs: { type: 'string', default: '1000' } } });
const wanted = Number(values.jobs);
const python = inRoot('.venv', 'bin', 'python');

const findings = await withService({}, async ({ url, adminToken }) => {
  const admin = client({ url, token: adminToken });
  const found = [];
  for (const [name, submitAll] of [
    ['a plain client that repeats', plain],
    ['the Qiskit client', qiskit],
  ]) {
    const user = await admin('POST', '/admin/tokens', { user: 'storm', instance: name.replaceAll(' ', '-') });
    const proxy = await droppingProxy(new URL(url).port);
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

/** Several at once, and half of the bodies are equal: those are different submits all the same. */
async function plain(url, { token }) {
  const call = client({ url, token });
  const ids = new Set();
  let next = 0;
  const submit = async () => {
    while (next < wanted) {
      const body = scriptedJob(next++ % 2 === 0 ? 0 : 0.001);
      for (let answer = null; answer === null;) {
        answer = await call('POST', '/jobs', body);
        if (answer === null) await pause(20);
        else ids.add(answer.id);
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, submit));
  return ids.size;
}

/** The unmodified client, set up by environment variables, and a user who repeats what it gave up. */
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

/** Forwards every request; of each third POST /jobs it hangs up on both sides as soon as the request is through. */
async function droppingProxy(target) {
  let posts = 0;
  let dropped = 0;
  const server = createServer((near, answer) => {
    const drop = near.method === 'POST' && near.url.endsWith('/jobs') && (posts += 1) % 3 === 0;
    const { method, url: path, headers } = near;
    const far = request({ host: '127.0.0.1', port: target, method, path, headers, agent: false });
    far.on('response', (from) => {
      if (drop) return;
      answer.writeHead(from.statusCode, from.headers);
      from.pipe(answer);
    });
    far.on('error', () => near.socket.destroy());
    const chunks = [];
    near.on('data', (chunk) => chunks.push(chunk));
    near.on('end', () =>
      far.end(Buffer.concat(chunks), () => {
        if (!drop) return;
        dropped += 1;
        far.destroy();
        near.socket.destroy();
      }),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    posts: () => posts,
    dropped: () => dropped,
    close: () => server.close(),
  };
}

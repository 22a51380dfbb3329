#!/usr/bin/env node
// Puts a proxy before the service that drops the answer of every third POST /jobs, and a client that repeats what it got
// no answer to: as many jobs must exist as were wanted.
//
//   npm run torture:retries -- [--jobs 1000]
import { createConnection, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { withService } from '../lib/test-service.mjs';
import { client, scriptedJob } from './load.mjs';

const { values } = parseArgs({ options: { jobs: { type: 'string', default: '1000' } } });
const wanted = Number(values.jobs);
const result = await withService({ env: {} }, async ({ url, adminToken }) => {
  const admin = client({ url, token: adminToken });
  const { token } = await admin('POST', '/admin/tokens', { user: 'storm', instance: 'storm' });
  const proxy = await droppingProxy(new URL(url).port);
  const call = client({ url: `http://127.0.0.1:${proxy.port}`, token });
  const ids = new Set();
  let next = 0;
  // Several at once, and half of the bodies are equal: those are different submits all the same.
  const submit = async () => {
    while (next < wanted) {
      const body = scriptedJob(next++ % 2 === 0 ? 0 : 0.001);
      for (let answer = null; answer === null;) {
        answer = await call('POST', '/jobs', body, { connection: 'close' });
        if (answer === null) await pause(20);
        else ids.add(answer.id);
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, submit));
  const { count } = await client({ url, token })('GET', '/jobs?limit=1');
  proxy.close();
  return { ids: ids.size, count, dropped: proxy.dropped(), posts: proxy.posts() };
});
const ok = result.count === wanted && result.ids === wanted;
console.log(
  `${wanted} wanted, ${result.count} exist, ${result.ids} different answers; ${result.posts} POSTs, ${result.dropped} answers dropped`,
);
console.log(ok ? '1 passed, 0 failed' : '0 passed, 1 failed');
process.exit(ok ? 0 : 1);

/** Forwards whole connections; on every third one it hangs up as soon as the request is through. */
async function droppingProxy(target) {
  let posts = 0;
  let dropped = 0;
  const server = createServer((near) => {
    const far = createConnection({ port: Number(target), host: '127.0.0.1' });
    let seen = '';
    let drop = false;
    near.on('data', (chunk) => {
      if (seen.length < 65536) seen += chunk.toString('latin1');
      if (/^POST \S*\/jobs /.test(seen) && !drop && complete(seen)) {
        posts += 1;
        drop = posts % 3 === 0;
      }
      far.write(chunk, () => {
        if (!drop) return;
        dropped += 1;
        far.destroy();
        near.destroy();
      });
    });
    far.on('data', (chunk) => drop || near.write(chunk));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    posts: () => posts,
    dropped: () => dropped,
    close: () => server.close(),
  };
}

function complete(text) {
  const end = text.indexOf('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(text);
  return end !== -1 && length !== null && text.length - end - 4 >= Number(length[1]);
}

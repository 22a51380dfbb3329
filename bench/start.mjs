import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { adminToken, bareFile, mainFile, owned } from './lib/processes.mjs';
import { freePort } from './lib/ports.mjs';
import { request } from './lib/load.mjs';
import { median, quantile } from './lib/stats.mjs';
import { millis, row } from './lib/table.mjs';

/** Measures the time from process start, after a kill -9, to the first 200, beside the baseline server. */
export async function start({ folder, quick, tell }) {
  const at = await folder();
  await writeFile(join(at, 'stint.yaml'), 'backends: []\nlog_level: error\n');
  const port = await freePort();
  const stint = {
    ...{ STINT_CONFIG: join(at, 'stint.yaml'), STINT_DATA: join(at, 'data'), STINT_PORT: String(port) },
    STINT_ADMIN_TOKEN: adminToken,
  };
  const figures = { ours: [], bare: [] };
  const starts = quick ? 5 : 20;
  tell(`start: ${starts} times`);
  for (let i = 0; i <= starts; i += 1) {
    figures.bare.push(await once200([bareFile, String(port)], {}, port, '/constant/1'));
    figures.ours.push(await once200([mainFile], stint, port, '/health/ready'));
  }
  // The first start creates the database.
  const [ours, bare] = [figures.ours.slice(1), figures.bare.slice(1)];
  const [p50, worst] = [median(ours), Math.max(...ours)];
  return [
    row(
      'start after kill -9, until the first 200',
      { ...millis(p50), text: `p50 ${p50.toFixed(0)}, worst ${worst.toFixed(0)} ms`, worst },
      {
        ...millis(median(bare)),
        text: `p50 ${median(bare).toFixed(0)}, worst ${quantile(bare, 1).toFixed(0)} ms`,
        what: 'bare Nest-Fastify',
      },
      { ratio: p50 / median(bare), target: { text: '≤ 2 s', met: worst <= 2000 } },
    ),
  ];
}

/** Starts a server, kills it after the first 200, and returns the milliseconds from the start to that answer. */
async function once200(args, env, port, path) {
  const startedAt = performance.now();
  const child = owned(
    spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  );
  while (!(await serves(port, path))) {
    if (child.exitCode !== null) throw new Error(`${args[0]} ended with code ${child.exitCode}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const took = performance.now() - startedAt;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  return took;
}

const serves = (port, path) =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request('GET', path)));
    socket.once('data', (chunk) => {
      resolve(chunk.toString('latin1').startsWith('HTTP/1.1 200'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });

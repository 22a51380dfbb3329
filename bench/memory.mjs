import { load, request, serial } from './lib/load.mjs';
import { residentMegabytes, startBare, startStint } from './lib/processes.mjs';
import { median } from './lib/stats.mjs';
import { megabytes, row } from './lib/table.mjs';

const settle = () => new Promise((resolve) => setTimeout(resolve, 3000));

/** Measures the memory of the idle process, and what sessions add to it: only database page cache, as they are rows. */
export async function memory({ folder, quick, tell }) {
  const stint = await startStint(await folder());
  const bare = await startBare();
  try {
    const token = await stint.user('alice');
    await stint.backend('qpu');
    await settle();
    const idle = residentMegabytes(stint.pid);
    const floor = residentMegabytes(bare.pid);
    const body = { mode: 'batch', backend: 'qpu', serial };
    const open = async (count) => {
      const requests = [request('POST', '/api/v1/sessions', { token, body })];
      await load({ port: stint.port, connections: 16, count, requests });
      await settle();
      return residentMegabytes(stint.pid);
    };
    tell('memory: opening sessions');
    const warm = await open(10_000);
    const growth = [];
    let before = warm;
    for (let i = 0; i < (quick ? 1 : 5); i += 1) {
      const after = await open(10_000);
      growth.push(after - before);
      before = after;
    }
    return [
      row(
        'idle memory (resident)',
        megabytes(idle),
        { ...megabytes(floor), what: 'bare Nest-Fastify' },
        {
          ratio: idle / floor,
        },
      ),
      row('memory per 10,000 sessions', megabytes(median(growth)), undefined, {
        note:
          `the first 10,000 took ${(warm - idle).toFixed(0)} MB, mostly the heap under load and SQLite's page cache; ` +
          `the next: ${growth.map((mb) => mb.toFixed(1)).join(', ')} MB`,
      }),
    ];
  } finally {
    await stint.stop();
    await bare.stop();
  }
}

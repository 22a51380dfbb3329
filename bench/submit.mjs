import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { load, request, serial } from './lib/load.mjs';
import { startBare, startStint } from './lib/processes.mjs';
import { slowFsync } from './lib/slow-fsync.mjs';
import { median, spread } from './lib/stats.mjs';
import { perSecond, row } from './lib/table.mjs';

const rawProgram = new URL('lib/raw-sqlite.mjs', import.meta.url).pathname;
const body = { program_id: 'scripted', backend: 'busy', params: { duration: 100_000, serial } };

/**
 * Measures durable submits over HTTP beside one-row transactions on the same disk. The first job keeps the only lane
 * busy, so each submit is stored, goes through the choice, and waits.
 */
export async function submit({ folder, rounds, seconds, tell }) {
  const rows = await measure('submit', { folder: await folder(), rounds, seconds, tell, env: {} });
  const slow = await slowFsync(await folder());
  if (slow === null) tell('no C compiler: submit on a slower disk is skipped');
  else
    rows.push(
      ...(await measure(`submit, each fsync ${slow.milliseconds} ms longer`, {
        ...{ folder: await folder(), rounds: Math.min(rounds, 3), seconds, tell, env: slow.env },
      })),
    );
  return rows;
}

async function measure(name, { folder, rounds, seconds, tell, env }) {
  const stint = await startStint(folder, env);
  const bare = await startBare();
  const figures = { wal: [], journal: [], sixteen: [], one: [], bare: [], delays: [] };
  try {
    const token = await stint.user('alice');
    await stint.backend('busy');
    const play = (port, path, connections) =>
      load({ port, connections, seconds, requests: [request('POST', path, { token, body })] });
    await play(stint.port, '/api/v1/jobs', 16); // Warm-up: the code gets compiled.
    await play(bare.port, '/constant', 16);
    for (let round = 0; round < rounds; round += 1) {
      tell(`${name}, round ${round + 1} of ${rounds}`);
      // Takes the raw rate before and after, because the speed of a shared disk changes within seconds.
      const before = await rawRate(folder, seconds / 2, env, 'WAL');
      const sixteen = await play(stint.port, '/api/v1/jobs', 16);
      const after = await rawRate(folder, seconds / 2, env, 'WAL');
      figures.wal.push((before + after) / 2);
      figures.journal.push(await rawRate(folder, seconds / 2, env, 'DELETE'));
      figures.sixteen.push(sixteen.perSecond);
      figures.delays.push(sixteen.p99);
      figures.one.push((await play(stint.port, '/api/v1/jobs', 1)).perSecond);
      figures.bare.push((await play(bare.port, '/constant', 16)).perSecond);
    }
  } finally {
    await stint.stop();
    await bare.stop();
  }
  return rowsOf(name, figures, { isSlow: Object.keys(env).length > 0 });
}

const aim = (ratio) => ({ target: { text: '≥ 2 ×', met: ratio >= 2 } });

function rowsOf(name, { wal, journal, sixteen, one, bare, delays }, { isSlow }) {
  const compared = (rates, floors, what) => {
    const ratios = rates.map((rate, round) => rate / floors[round]);
    const floor = { ...perSecond(median(floors)), what };
    return [perSecond(median(rates)), floor, { ratio: median(ratios), noise: spread(ratios) }];
  };
  const rowOf = (what, [value, floor, figures], more = {}) =>
    row(what, value, floor, { ...figures, ...more });
  const besideWal = compared(sixteen, wal, 'raw FULL transactions, WAL');
  const besideJournal = compared(sixteen, journal, 'raw FULL transactions, rollback journal (the default)');
  const rows = [
    rowOf(`${name}, 16 clients`, besideWal, {
      ...aim(besideWal[2].ratio),
      note: `p99 of an answer ${median(delays).toFixed(1)} ms; noise of the floor itself ±${Math.round(100 * spread(wal))} %`,
    }),
    rowOf(`${name}, 16 clients`, besideJournal, aim(besideJournal[2].ratio)),
    rowOf(`${name}, 16 clients, by group commit`, compared(sixteen, one, 'the same, 1 client')),
    rowOf(`${name}, 1 client`, compared(one, wal, 'raw FULL transactions, WAL')),
  ];
  if (isSlow) return rows;
  const besideHttp = compared(sixteen, bare, 'bare POST route, stores nothing');
  return [...rows, rowOf(`${name}, 16 clients, of what HTTP allows`, besideHttp)];
}

/** Runs the raw transactions in a separate process, so that both sides pay for the same fsync. */
async function rawRate(folder, seconds, env, journal) {
  const args = [rawProgram, folder, String(seconds), journal];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
  return Number(stdout);
}

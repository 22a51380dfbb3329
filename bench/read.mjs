import { load, request } from './lib/load.mjs';
import { startBare, startStint, until } from './lib/processes.mjs';
import { median, spread } from './lib/stats.mjs';
import { millis, perSecond, row } from './lib/table.mjs';

/**
 * Measures `GET /jobs/{id}` beside a route that returns a constant of the same length, with the same load generator.
 */
export async function read({ folder, rounds, seconds, tell }) {
  const stint = await startStint(await folder());
  const bare = await startBare();
  const figures = { job: [], constant: [] };
  const queued = [];
  try {
    const token = await stint.user('alice');
    const { ended, waiting } = await givenJobs(stint, token);
    const path = (id) => `/api/v1/jobs/${id}?exclude_params=true`;
    const get = (port, paths, connections = 16) =>
      load({ port, connections, seconds, requests: paths.map((each) => request('GET', each, { token })) });
    const shown = await stint.call('GET', `/jobs/${ended[0]}?exclude_params=true`, undefined, token);
    await fetch(`http://127.0.0.1:${bare.port}/size/${JSON.stringify(shown).length}`);
    await get(stint.port, ended.map(path));
    for (let round = 0; round < rounds; round += 1) {
      tell(`read, round ${round + 1} of ${rounds}`);
      figures.constant.push(
        (
          await get(
            bare.port,
            ended.map((id) => `/constant/${id}?exclude_params=true`),
          )
        ).perSecond,
      );
      figures.job.push((await get(stint.port, ended.map(path))).perSecond);
    }
    for (const id of waiting) queued.push((await get(stint.port, [path(id)], 1)).p50);
  } finally {
    await stint.stop();
    await bare.stop();
  }
  const ratios = figures.job.map((rate, round) => rate / figures.constant[round]);
  const ratio = median(ratios);
  return [
    row(
      'GET job, 16 clients',
      perSecond(median(figures.job)),
      { ...perSecond(median(figures.constant)), what: 'bare Nest-Fastify route, same size' },
      { ratio, noise: spread(ratios), target: { text: '≥ 0.5 ×', met: ratio >= 0.5 } },
    ),
    row(
      'GET waiting job, last of 10,000',
      millis(queued[1]),
      { ...millis(queued[0]), what: 'first of 10,000 (p50, 1 client)' },
      { ratio: queued[1] / queued[0], note: 'a waiting job is shown with its place, which is counted' },
    ),
  ];
}

/** Creates 200 finished jobs and 10,000 waiting ones; returns the finished ones and the first and last waiting one. */
async function givenJobs(stint, token) {
  await stint.backend('free', { slots: 10 });
  await stint.backend('busy');
  const submit = (backend, duration) =>
    stint.call('POST', '/jobs', { program_id: 'scripted', backend, params: { duration } }, token);
  const ended = [];
  for (let i = 0; i < 200; i += 1) ended.push((await submit('free', 0)).id);
  await until('the end of a job', async () => {
    const { state } = await stint.call('GET', `/jobs/${ended.at(-1)}`, undefined, token);
    return state.status === 'Completed' ? true : undefined;
  });
  await submit('busy', 100_000);
  const first = await submit('busy', 100_000);
  const body = { program_id: 'scripted', backend: 'busy', params: { duration: 100_000 } };
  const requests = [request('POST', '/api/v1/jobs', { token, body })];
  await load({ port: stint.port, connections: 16, count: 9_998, requests });
  return { ended, waiting: [first.id, (await submit('busy', 100_000)).id] };
}

import { join } from 'node:path';
import { NexosisConfig } from '../../src/dialects/nexosis/settings.js';
import { eventually } from './eventually.js';
import { givenBackend, TestService, type GivenConfig, type HttpAnswer, type Ask } from './http.js';

/** A service with the fake learner, and the view of one user through a Nexosis client. */
export async function givenNexosis(
  nexosis: Partial<NexosisConfig> = {},
  folder?: string,
  overrides: GivenConfig = {},
) {
  const service = await TestService.start(
    {
      learner_python: join(import.meta.dirname, 'fake-learner.mjs'),
      backends: [
        givenBackend({ name: 'learner', driver: 'learner', lanes: 2 }),
        givenBackend({ name: 'predictor', driver: 'learner', options: { predict: true } }),
      ],
      nexosis: Object.assign(new NexosisConfig(), nexosis),
      ...overrides,
    },
    folder,
  );
  return { service, ...(await givenAccount(service, 'alice', 'lab-a')) };
}

export type Account = Awaited<ReturnType<typeof givenAccount>>;

/** A user with a key. */
export async function givenAccount(service: TestService, user: string, instance: string) {
  const { token } = await service.user(user, instance);
  const call = (method: string, path: string, { headers, ...ask }: Ask = {}): Promise<HttpAnswer> =>
    service.call(method, `/nexosis/v1/${path}`, {
      token: null,
      headers: { 'api-key': token, ...headers },
      ...ask,
    });
  const get = (path: string, ask?: Ask) => call('GET', path, ask);
  const post = (path: string, body?: unknown) => call('POST', path, { body });
  return {
    key: token,
    call,
    get,
    post,
    put: (path: string, body: unknown) => call('PUT', path, { body }),
    putCsv: (path: string, body: string) =>
      call('PUT', path, { body, headers: { 'content-type': 'text/csv' } }),
    csv: (path: string) => get(path, { headers: { accept: 'text/csv' } }),
    delete: (path: string) => call('DELETE', path),
    head: (path: string) => call('HEAD', path),
    /** Waits until a session has ended, and returns it. */
    ended: (id: string) =>
      eventually(`the end of session ${id}`, async () => {
        const answer = await get(`sessions/${id}`);
        return ['completed', 'failed', 'cancelled'].includes(answer.body.status as string) && answer;
      }),
  };
}

/** Returns a number of days of sales from 1 January 2017 on, as CSV. */
export const sales = (days: number, first = 1): string =>
  `day,sales\n${Array.from({ length: days }, (_, i) => `${dayOf(first + i)},${100 + ((first + i) % 7)}`).join('\n')}\n`;

/** Returns the n-th day of 2017. */
export const dayOf = (n: number): string => new Date(Date.UTC(2017, 0, n)).toISOString().slice(0, 10);

export const flowers = (rows: number): string =>
  `petal,species\n${Array.from({ length: rows }, (_, i) => `${1 + i / 10},${i % 2 === 0 ? 'setosa' : 'virginica'}`).join('\n')}\n`;

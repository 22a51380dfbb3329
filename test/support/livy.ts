import { join } from 'node:path';
import { LivyConfig } from '../../src/dialects/livy/settings.js';
import { eventually } from './eventually.js';
import { givenBackend, TestService, type GivenConfig, type HttpAnswer, type Ask } from './http.js';

export const fakeDriver = join(import.meta.dirname, 'fake-driver.mjs');

/** Interpreters run in real time, independent of the service's clock, so tests poll for their effects. */
export async function givenLivy(overrides: GivenConfig = {}, backend: object = {}, folder?: string) {
  const options = { local_dirs: ['/srv/jars'], ...(backend as { options?: object }).options };
  const spark = givenBackend({ name: 'spark', driver: 'spark', slots: 2, ...backend, options });
  // As the configuration file and the operator API create it.
  Object.assign(spark, { lanes: 1, on_idle: 'close' });
  const stint = await TestService.start(
    {
      spark_python: fakeDriver,
      backends: [givenBackend({ name: 'b1' }), spark],
      livy: new LivyConfig(),
      ...overrides,
    },
    folder,
  );
  return stint;
}

export const basic = (user: string, token: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`,
});

/** A Livy user with HDInsight's form of credentials. */
export async function livyUser(stint: TestService, user = 'alice', instance = 'lab-a') {
  const { token } = await stint.user(user, instance);
  const headers = basic(user, token);
  const call = (method: string, path: string, body?: unknown, ask: Ask = {}): Promise<HttpAnswer> =>
    stint.call(method, `/livy${path}`, {
      token: null,
      ...ask,
      body,
      headers: { ...headers, ...ask.headers },
    });
  const sessionIn = (id: number, ...states: string[]) =>
    eventually(`session ${id} ${states.join(' or ')}`, async () => {
      const { body } = await call('GET', `/sessions/${id}`);
      return states.includes(body?.state as string) ? (body as Record<string, any>) : undefined; // eslint-disable-line @typescript-eslint/no-explicit-any -- tests look into it by path
    });
  const statementIn = (session: number, id: number, ...states: string[]) =>
    eventually(`statement ${id} ${states.join(' or ')}`, async () => {
      const { body } = await call('GET', `/sessions/${session}/statements/${id}`);
      return states.includes(body?.state as string) ? (body as Record<string, any>) : undefined; // eslint-disable-line @typescript-eslint/no-explicit-any -- tests look into it by path
    });
  return {
    ...{ token, call, sessionIn, statementIn },
    /** Creates a session, waits until it is ready, and returns its number. */
    async session(body: object = { kind: 'pyspark' }): Promise<number> {
      const made = await call('POST', '/sessions', body);
      if (made.status !== 201) throw new Error(`No session: ${made.text}`);
      await sessionIn(made.body.id as number, 'idle');
      return made.body.id as number;
    },
    /** Runs code to its end and returns the statement. */
    async run(session: number, code: string) {
      const made = await call('POST', `/sessions/${session}/statements`, { code });
      if (made.status !== 201) throw new Error(`No statement: ${made.text}`);
      return statementIn(session, made.body.id as number, 'available', 'cancelled');
    },
  };
}
export type LivyUser = Awaited<ReturnType<typeof livyUser>>;

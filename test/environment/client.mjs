import { setTimeout as pause } from 'node:timers/promises';
import { client } from '../../scripts/torture/load.mjs';

/** One user in all three dialects, who waits for the end of each job. */
export async function clientOf(url, adminToken) {
  const admin = client({ url, token: adminToken });
  const { token } = await admin('POST', '/admin/tokens', {
    user: 'alice',
    instance: 'check-environment',
    role: 'user',
  });
  const api = client({ url, token });

  async function call(method, path, body) {
    const headers = { authorization: `Bearer ${token}`, 'api-key': token };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 300)}`);
    return text === '' ? null : JSON.parse(text);
  }
  const livy = (method, path, body) => call(method, `/livy${path}`, body);
  const nexosis = (method, path, body) => call(method, `/nexosis/v1${path}`, body);

  return {
    livy,

    async aer(job) {
      const { id } = await api('POST', '/jobs', job);
      await until(
        `job ${id}`,
        'Completed',
        async () => (await api('GET', `/jobs/${id}?exclude_params=true`)).state.status,
      );
    },

    /** Runs a forecast of a few days. */
    async learner() {
      const day = (n) => new Date(Date.UTC(2017, 0, n)).toISOString().slice(0, 10);
      const data = Array.from({ length: 60 }, (_, i) => ({ day: day(i + 1), sales: 100 + (i % 7) }));
      const columns = {
        day: { role: 'timestamp', dataType: 'date' },
        sales: { role: 'target', dataType: 'numeric' },
      };
      await nexosis('PUT', '/data/sales', { columns, data });
      const { sessionId } = await nexosis('POST', '/sessions/forecast', {
        ...{ dataSourceName: 'sales', targetColumn: 'sales', resultInterval: 'day' },
        ...{ startDate: day(61), endDate: day(63) },
      });
      await until(
        sessionId,
        'completed',
        async () => (await nexosis('GET', `/sessions/${sessionId}`)).status,
      );
    },

    /** Returns the output of a statement. */
    async statement(session, code, kind) {
      await until(
        `session ${session}`,
        'idle',
        async () => (await livy('GET', `/sessions/${session}`)).state,
      );
      const path = `/sessions/${session}/statements`;
      const { id } = await livy('POST', path, { code, kind });
      await until(`statement ${id}`, 'available', async () => (await livy('GET', `${path}/${id}`)).state);
      const { output } = await livy('GET', `${path}/${id}`);
      if (output.status !== 'ok') throw new Error(`The ${kind} statement failed: ${output.evalue}`);
      return output.data['text/plain'];
    },

    async batch(body) {
      const { id } = await livy('POST', '/batches', body);
      await until(`batch ${id}`, 'success', async () => (await livy('GET', `/batches/${id}`)).state);
    },
  };
}

const ended = ['Failed', 'Cancelled', 'failed', 'cancelled', 'error', 'dead', 'killed'];

async function until(what, expected, state, seconds = 120) {
  const deadline = Date.now() + seconds * 1000;
  for (let seen; (seen = await state()) !== expected; await pause(30)) {
    if (ended.includes(seen) || Date.now() > deadline)
      throw new Error(`${what} is ${seen} and not ${expected}.`);
  }
}

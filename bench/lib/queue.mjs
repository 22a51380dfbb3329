import { startStint } from './processes.mjs';
import { multiply, openDatabase } from './rows.mjs';

const instances = 10;
const jobsPerSession = 10;
const lanes = 5;

// No id may contain the `serial` of the load generator, which it would replace.
const id = (kind) => `printf('00000000-0000-7000-8000-${kind}%010d', n)`;
export const loneJob = '00000000-0000-7000-8000-400000000007';

/** Returns the id of the last job of the first instance. */
export const lastLoneJob = (size) => `00000000-0000-7000-8000-40${String(size / 2).padStart(10, '0')}`;

/** Creates one session, one job in it and one lone job through the API; the other rows are copies of these. */
export async function longQueue(folder, size) {
  const stint = await startStint(folder);
  const token = await stint.user('alice');
  await stint.backend('qpu', { lanes });
  await stint.call('PATCH', '/admin/backends/qpu', { status: 'paused' });
  const session = await stint.call('POST', '/sessions', { mode: 'batch', backend: 'qpu' }, token);
  const job = { program_id: 'scripted', backend: 'qpu', params: { duration: 100_000 } };
  const alone = await stint.call('POST', '/jobs', job, token);
  const inside = await stint.call('POST', '/jobs', { ...job, session_id: session.id }, token);
  await stint.stop();

  const db = openDatabase(folder);
  const sessions = size / 2 / jobsPerSession;
  const nth = (n) => `'lab-' || (${n} % ${instances})`;
  const instance = (n) => `CASE WHEN ${n} % ${instances} = 0 THEN t.instance ELSE ${nth(n)} END`;
  multiply(db, 'instances', "name = 'lab-alice'", instances - 1, {
    id: nth('n'),
    name: nth('n'),
    crn: nth('n'),
  });
  multiply(db, 'jobs', `id = '${alone.id}'`, size / 2, { id: id('40'), instance: instance('n'), seq: null });
  const of = `((n - 1) / ${jobsPerSession} + 1)`;
  const first = db.prepare('SELECT MAX(seq) AS seq FROM jobs').get().seq + 1;
  multiply(db, 'jobs', `id = '${inside.id}'`, size / 2, {
    ...{ id: id('20'), seq: null, instance: instance(of) },
    session: `printf('00000000-0000-7000-8000-30%010d', ${of})`,
  });
  multiply(db, 'sessions', `id = '${session.id}'`, sessions, {
    ...{ id: id('30'), instance: instance('n'), queued_jobs: String(jobsPerSession) },
    head_seq: `(${first} + (n - 1) * ${jobsPerSession})`,
  });
  db.exec(`DELETE FROM jobs WHERE id IN ('${alone.id}', '${inside.id}')`);
  db.exec(`DELETE FROM sessions WHERE id = '${session.id}'`);
  db.exec(`UPDATE backends SET queued_jobs = ${size}, status = 'online'`);
  db.close();
  return { token };
}

import type { Growing } from '../growth.js';
import type { HttpAnswer } from '../http.js';
import { casesOf, next, times, until, wide, type Given } from './given.js';

/** Sessions and batches wait in the queue of a full backend. Statements run in a separate session. */
export function livyCases(on: Given, size: number): Growing[] {
  const at = '/livy/sessions';
  const full = { 'stint.backend': 'full' };
  const made = { status: 201 };
  const sessions = casesOf(on, `POST ${at}`, () => at, made);
  const batches = casesOf(on, 'POST /livy/batches', () => '/livy/batches', made);
  const ran = async ({ body }: HttpAnswer) => {
    const look = () => on.stint.call('GET', `${at}/${on.livy}/statements/${body.id}`);
    await until(look, (answer) => answer.body.state === 'available');
  };
  const statements = casesOf(on, `POST ${at}/{id}/statements`, () => `${at}/${on.livy}/statements`, {
    ...made,
    then: ran,
  });
  const completion = casesOf(on, `POST ${at}/{id}/completion`, () => `${at}/${on.livy}/completion`);
  const one = { kind: 'pyspark', conf: full };
  const file = { file: 'hdfs:///a.py', conf: full };
  return [
    sessions('conf', 450, (n) => ({ kind: 'pyspark', conf: { ...wide(n), ...full } })),
    sessions('long conf', 20_000, (n) => ({ kind: 'pyspark', conf: { ...full, a: 'x '.repeat(n) } })),
    sessions('jars', 2500, (n) => ({ ...one, jars: times(n, (i) => `hdfs:///${i}.jar`) })),
    sessions('a long queue', 20_000, (n) => ({ ...one, queue: 'x'.repeat(n) })),
    sessions('unknown members', 450, (n) => wide(n), { status: 400, says: /Unrecognized field .*c0/ }),
    batches('args', 5000, (n) => ({ ...file, args: times(n, String) })),
    batches('conf', 450, (n) => ({ ...file, conf: { ...wide(n), ...full } })),
    batches('files', 2500, (n) => ({ ...file, files: times(n, (i) => `hdfs:///${i}.txt`) })),
    statements('many lines', 300_000 * size, (n) => ({ code: `1//${next()}${'x\n'.repeat(n)}` })),
    statements('a long line', 1_000_000 * size, (n) => ({ code: `1//${next()}${'x'.repeat(n)}` })),
    statements('many escapes', 100_000 * size, (n) => `{"code":"1//${next()}${'\\u00e9'.repeat(n)}"}`),
    statements('fewer lines', 40_000, (n) => ({ code: `1//${next()}${'x\n'.repeat(n)}` })),
    statements('fewer escapes', 20_000, (n) => `{"code":"1//${next()}${'\\u00e9'.repeat(n)}"}`),
    completion('many lines', 20_000, (n) => ({ code: 'x\n'.repeat(n), kind: 'pyspark' })),
    completion('another kind', 50_000, (n) => ({ code: 'x'.repeat(n), kind: 'cobol' }), {
      status: 400,
      says: /Invalid kind: cobol/,
    }),
  ];
}

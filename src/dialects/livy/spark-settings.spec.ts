import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sparkSettings, sqlRowsOf } from './spark-settings.js';

const jars = realpathSync(mkdtempSync(join(tmpdir(), 'stint-jars-')));
for (const name of ['c.jar', 'd.jar']) writeFileSync(join(jars, name), '');
afterAll(() => rmSync(jars, { recursive: true }));

const backend = {
  options: {
    master: 'spark://h:7077',
    conf: { 'spark.a': 1, 'spark.b': 'ours' },
    local_dirs: [jars],
    blocked_conf: ['spark.secret', 'spark.driver.memory', 'spark.yarn.*', 'spark.jars', 'ttl'],
  },
};
const open = { options: { ...backend.options, blocked_conf: ['spark.secret'] } };
const secretive = (blocked_conf: string[]) => ({ options: { ...backend.options, blocked_conf } });

describe('the properties of a session', () => {
  it("are the operator's, then the session's own, then the fields; the master is the backend's", () => {
    const asked = {
      conf: { 'spark.b': 'theirs', 'spark.master': 'local', 'spark.driver.memory': '9g', gone: null },
      ...{ driverMemory: '2g', executorCores: 4, numExecutors: 0, queue: 'q' },
    };
    expect(sparkSettings(asked, open, 'livy-session-3').conf).toEqual({
      ...{
        'spark.a': '1',
        'spark.b': 'theirs',
        'spark.master': 'spark://h:7077',
        'spark.app.name': 'livy-session-3',
      },
      ...{ 'spark.driver.memory': '2g', 'spark.executor.cores': '4', 'spark.yarn.queue': 'q' },
    });
  });

  it('name the application after the session', () => {
    expect(sparkSettings({ name: 'mine' }, open, 'livy-session-3')).toMatchObject({ name: 'mine' });
  });

  it('take the lists out of the properties, behind the fields', () => {
    const asked = { jars: ['hdfs:/a.jar'], conf: { 'spark.jars': `s3a://b.jar,${jars}/c.jar` } };
    const settings = sparkSettings(asked, open, 'x');
    expect(settings.jars).toEqual(['hdfs:/a.jar', 's3a://b.jar', `${jars}/c.jar`]);
    expect(settings.conf).not.toHaveProperty('spark.jars');
  });

  it('are looked into item by item, as Spark does: a comma hides nothing', () => {
    const asked = { jars: ['hdfs:/a.jar,/etc/passwd'] };
    expect(() => sparkSettings(asked, open, 'x')).toThrow(/Local path \/etc\/passwd cannot be added/);
  });

  it("keep the operator's own lists wherever their files lie", () => {
    const theirs = {
      options: { ...backend.options, conf: { 'spark.jars': '/opt/ours.jar' }, blocked_conf: [] },
    };
    expect(sparkSettings({ jars: ['hdfs:/a.jar'] }, theirs, 'x').jars).toEqual([
      'hdfs:/a.jar',
      '/opt/ours.jar',
    ]);
  });

  it('may not hold what the operator keeps to himself', () => {
    const conf = { 'spark.secret': 'x', 'spark.submit.deployMode': 'cluster', 'spark.yarn.queue': 'q' };
    expect(() => sparkSettings({ conf }, backend, 'x')).toThrow(
      'Blacklisted configuration values in session config: spark.secret, spark.submit.deployMode, spark.yarn.queue',
    );
  });

  it.each([
    [{ driverMemory: '9g' }, 'spark.driver.memory', 'driverMemory'],
    [{ executorMemory: '9g' }, 'spark.executor.memory', 'executorMemory'],
    [{ driverCores: 4 }, 'spark.driver.cores', 'driverCores'],
    [{ executorCores: 4 }, 'spark.executor.cores', 'executorCores'],
    [{ numExecutors: 4 }, 'spark.executor.instances', 'numExecutors'],
    [{ queue: 'q' }, 'spark.yarn.queue', 'queue'],
    [{ queue: 'q' }, 'spark.yarn.*', 'queue'],
    [{ name: 'n' }, 'spark.app.name', 'name'],
    [{ jars: ['hdfs:/a.jar'] }, 'spark.jars', 'jars'],
    [{ jars: ['hdfs:/a.jar'] }, 'spark.yarn.dist.jars', 'jars'],
    [{ pyFiles: ['hdfs:/a.py'] }, 'spark.submit.pyFiles', 'pyFiles'],
    [{ files: ['hdfs:/a'] }, 'spark.files', 'files'],
    [{ archives: ['hdfs:/a.zip'] }, 'spark.archives', 'archives'],
    [{ archives: ['hdfs:/a.zip'] }, 'spark.yarn.dist.archives', 'archives'],
    [{ proxyUser: 'bob' }, 'proxyUser', 'proxyUser'],
    [{ ttl: '1h' }, 'ttl', 'ttl'],
    [{ idleTimeout: '1h' }, 'idleTimeout', 'idleTimeout'],
    [{ heartbeatTimeoutInSecond: 60 }, 'heartbeatTimeoutInSecond', 'heartbeatTimeoutInSecond'],
  ])('%j is refused where %s is blocked', (asked, blocked, field) => {
    const refusal = `Rejected, Reason: Blacklisted configuration values in session config: ${field}`;
    expect(() => sparkSettings(asked as object, secretive([blocked]), 'x')).toThrow(refusal);
    expect(() => sparkSettings(asked as object, secretive([`${blocked}.other`]), 'x')).not.toThrow();
  });

  it('may say nothing in a blocked field, as clients do that send all fields', () => {
    const asked = { jars: [], driverCores: 0, driverMemory: null, queue: '', proxyUser: null };
    const blocked = ['spark.jars', 'spark.driver.*', 'spark.yarn.queue', 'proxyUser'];
    expect(() => sparkSettings(asked, secretive(blocked), 'x')).not.toThrow();
  });

  it('may have the names that every object has', () => {
    const conf = JSON.parse('{"constructor":"a","__proto__":"b","toString":"c","hasOwnProperty":"d"}') as {
      [key: string]: string;
    };
    const made = sparkSettings({ conf }, open, 'x');
    expect(JSON.parse(JSON.stringify(made.conf))).toMatchObject(conf);
    expect(Object.keys(made.conf)).toEqual(expect.arrayContaining(['constructor', '__proto__', 'toString']));
  });
});

describe('the rows of a SQL answer', () => {
  /** What the driver says for an operator who sets neither. */
  const spark = { sql_rows: 1000, max_sql_rows: 100_000 };
  const rows = (value: string | undefined, options: object = {}) =>
    sqlRowsOf(value === undefined ? {} : { conf: { 'livy.rsc.sql.num-rows': value } }, {
      options: { ...spark, ...options },
    });

  it.each([
    [undefined, {}, 1000],
    ['5', {}, 5],
    ['100000', {}, 100_000],
    [undefined, { sql_rows: 7 }, 7],
    [undefined, { max_sql_rows: 20 }, 20],
    ['20', { sql_rows: 7, max_sql_rows: 20 }, 20],
  ])('are %s with %j: %i', (value, options, expected) => {
    expect(rows(value, options)).toBe(expected);
  });

  it.each(['0', '-1', 'many', '1.5', '', '21', '1e3'])('cannot be %j where the most is 20', (value) => {
    expect(() => rows(value, { max_sql_rows: 20 })).toThrow(
      /^Rejected, Reason: requirement failed: livy\.rsc\.sql\.num-rows must be a whole number from 1 to 20, not/,
    );
  });
});

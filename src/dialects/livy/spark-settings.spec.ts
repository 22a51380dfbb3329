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
const withBlocked = (blocked_conf: string[]) => ({ options: { ...backend.options, blocked_conf } });

describe('sparkSettings', () => {
  it("merges the operator's properties, the session's conf and the fields; the backend sets the master", () => {
    const request = {
      conf: { 'spark.b': 'theirs', 'spark.master': 'local', 'spark.driver.memory': '9g', gone: null },
      ...{ driverMemory: '2g', executorCores: 4, numExecutors: 0, queue: 'q' },
    };
    expect(sparkSettings(request, open, 'livy-session-3').conf).toEqual({
      ...{
        'spark.a': '1',
        'spark.b': 'theirs',
        'spark.master': 'spark://h:7077',
        'spark.app.name': 'livy-session-3',
      },
      ...{ 'spark.driver.memory': '2g', 'spark.executor.cores': '4', 'spark.yarn.queue': 'q' },
    });
  });

  it('names the application after the session', () => {
    expect(sparkSettings({ name: 'mine' }, open, 'livy-session-3')).toMatchObject({ name: 'mine' });
  });

  it('moves lists from the properties behind those of the fields', () => {
    const request = { jars: ['hdfs:/a.jar'], conf: { 'spark.jars': `s3a://b.jar,${jars}/c.jar` } };
    const settings = sparkSettings(request, open, 'x');
    expect(settings.jars).toEqual(['hdfs:/a.jar', 's3a://b.jar', `${jars}/c.jar`]);
    expect(settings.conf).not.toHaveProperty('spark.jars');
  });

  it('splits items at commas before the check, as Spark does', () => {
    const request = { jars: ['hdfs:/a.jar,/etc/passwd'] };
    expect(() => sparkSettings(request, open, 'x')).toThrow(/Local path \/etc\/passwd cannot be added/);
  });

  it("does not check the operator's own lists", () => {
    const operators = {
      options: { ...backend.options, conf: { 'spark.jars': '/opt/ours.jar' }, blocked_conf: [] },
    };
    expect(sparkSettings({ jars: ['hdfs:/a.jar'] }, operators, 'x').jars).toEqual([
      'hdfs:/a.jar',
      '/opt/ours.jar',
    ]);
  });

  it('refuses properties that the operator blocks', () => {
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
  ])('refuses %j if %s is blocked', (request, blocked, field) => {
    const refusal = `Rejected, Reason: Blacklisted configuration values in session config: ${field}`;
    expect(() => sparkSettings(request as object, withBlocked([blocked]), 'x')).toThrow(refusal);
    expect(() => sparkSettings(request as object, withBlocked([`${blocked}.other`]), 'x')).not.toThrow();
  });

  it('accepts empty values in blocked fields, because some clients send all fields', () => {
    const request = { jars: [], driverCores: 0, driverMemory: null, queue: '', proxyUser: null };
    const blocked = ['spark.jars', 'spark.driver.*', 'spark.yarn.queue', 'proxyUser'];
    expect(() => sparkSettings(request, withBlocked(blocked), 'x')).not.toThrow();
  });

  it('accepts properties with names that every object has', () => {
    const conf = JSON.parse('{"constructor":"a","__proto__":"b","toString":"c","hasOwnProperty":"d"}') as {
      [key: string]: string;
    };
    const settings = sparkSettings({ conf }, open, 'x');
    expect(JSON.parse(JSON.stringify(settings.conf))).toMatchObject(conf);
    expect(Object.keys(settings.conf)).toEqual(
      expect.arrayContaining(['constructor', '__proto__', 'toString']),
    );
  });
});

describe('sqlRowsOf', () => {
  /** The driver's defaults. */
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
  ])('for num-rows %s and options %j returns %i', (value, options, expected) => {
    expect(rows(value, options)).toBe(expected);
  });

  it.each(['0', '-1', 'many', '1.5', '', '21', '1e3'])('refuses %j if the maximum is 20', (value) => {
    expect(() => rows(value, { max_sql_rows: 20 })).toThrow(
      /^Rejected, Reason: requirement failed: livy\.rsc\.sql\.num-rows must be a whole number from 1 to 20, not/,
    );
  });
});

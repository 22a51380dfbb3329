import { describe, expect, it } from '@jest/globals';
import { allowedPath, sparkSettings } from './spark-settings.js';

const backend = {
  options: {
    master: 'spark://h:7077',
    conf: { 'spark.a': 1, 'spark.b': 'ours' },
    local_dirs: ['/srv/jars'],
    blocked_conf: ['spark.secret'],
  },
};

describe('the properties of a session', () => {
  it("are the operator's, then the session's own, then the fields; the master is the backend's", () => {
    const asked = {
      conf: { 'spark.b': 'theirs', 'spark.master': 'local', 'spark.driver.memory': '9g', gone: null },
      ...{ driverMemory: '2g', executorCores: 4, numExecutors: 0, queue: 'q' },
    };
    expect(sparkSettings(asked, backend, 'livy-session-3').conf).toEqual({
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
    expect(sparkSettings({ name: 'mine' }, backend, 'livy-session-3')).toMatchObject({ name: 'mine' });
  });

  it('take the lists out of the properties, behind the fields', () => {
    const asked = { jars: ['hdfs:/a.jar'], conf: { 'spark.jars': 's3a://b.jar,/srv/jars/c.jar' } };
    const { jars, conf } = sparkSettings(asked, backend, 'x');
    expect(jars).toEqual(['hdfs:/a.jar', 's3a://b.jar', '/srv/jars/c.jar']);
    expect(conf).not.toHaveProperty('spark.jars');
  });

  it('are looked into item by item, as Spark does: a comma hides nothing', () => {
    const asked = { jars: ['hdfs:/a.jar,/etc/passwd'] };
    expect(() => sparkSettings(asked, backend, 'x')).toThrow(/Local path \/etc\/passwd cannot be added/);
  });

  it("keep the operator's own lists wherever their files lie", () => {
    const theirs = { options: { ...backend.options, conf: { 'spark.jars': '/opt/ours.jar' } } };
    expect(sparkSettings({ jars: ['hdfs:/a.jar'] }, theirs, 'x').jars).toEqual([
      'hdfs:/a.jar',
      '/opt/ours.jar',
    ]);
  });

  it('may not hold what the operator keeps to himself', () => {
    const conf = { 'spark.secret': 'x', 'spark.submit.deployMode': 'cluster' };
    expect(() => sparkSettings({ conf }, backend, 'x')).toThrow(
      'Blacklisted configuration values in session config: spark.secret, spark.submit.deployMode',
    );
  });
});

describe('a path', () => {
  it.each([
    ['hdfs://n/x.jar', 'hdfs://n/x.jar'],
    ['/srv/jars/x.jar', '/srv/jars/x.jar'],
    ['file:///srv/jars/x.jar', '/srv/jars/x.jar'],
    ['file:/srv/jars/sub/../x.jar', '/srv/jars/x.jar'],
    ['FILE://localhost/srv/jars/x.jar', '/srv/jars/x.jar'],
    ['local:/srv/jars/x.jar', 'local:/srv/jars/x.jar'],
  ])('%s may be used, as %s', (path, as) => {
    expect(allowedPath(path, ['/srv/jars'])).toBe(as);
  });

  it.each([
    'x.jar',
    '/etc/passwd',
    'file:/etc/passwd',
    '/srv/jars/../x',
    '/srv/jarsx/a',
    'local:/etc/x',
    'file:srv/jars',
  ])('%s may not', (path) => {
    expect(() => allowedPath(path, ['/srv/jars'])).toThrow(/^Rejected, Reason: requirement failed/);
  });
});

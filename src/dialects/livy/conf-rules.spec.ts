import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkedValue } from './conf-rules.js';
import { LocalPaths } from './local-paths.js';

const jars = realpathSync(mkdtempSync(join(tmpdir(), 'stint-conf-')));
writeFileSync(join(jars, 'x.jar'), '');
afterAll(() => rmSync(jars, { recursive: true }));

const checked = (key: string, value: string) => checkedValue(key, value, new LocalPaths([jars]));

describe('a property that holds a path', () => {
  it.each([
    ['spark.jars', '/etc/passwd'],
    ['spark.jars', 'hdfs:/a.jar,/etc/passwd'],
    ['spark.jars', 'passwd'],
    ['spark.files', 'file:/etc/passwd#x'],
    ['spark.submit.pyFiles', '/etc/passwd'],
    ['spark.archives', 'local:/etc/passwd'],
    ['spark.yarn.dist.files', '/etc/passwd'],
    ['spark.yarn.dist.archives', '/etc/passwd#x'],
    ['spark.yarn.jars', '/etc/*'],
    ['spark.yarn.archive', 'passwd'],
    ['spark.driver.extraClassPath', '/etc'],
    ['spark.driver.extraClassPath', 'x:/etc/*'],
    ['spark.driver.extraClassPath', '../../etc'],
    ['spark.driver.defaultExtraClassPath', '/etc'],
    ['spark.executor.extraClassPath', '/etc'],
    ['spark.driver.extraLibraryPath', '/etc'],
    ['spark.executor.extraLibraryPath', '/etc'],
    ['spark.repl.local.jars', 'file:/etc/x.jar'],
    ['spark.jars.ivySettings', 'ivy.xml'],
    ['spark.kerberos.keytab', '/etc/krb5.keytab'],
    ['spark.yarn.keytab', 'k.keytab'],
    ['spark.metrics.conf', '/etc/passwd'],
    ['spark.scheduler.allocation.file', '/etc/passwd'],
    ['spark.kubernetes.file.upload.path', '/etc'],
    ['spark.kubernetes.driver.podTemplateFile', '/etc/passwd'],
    ['spark.kubernetes.authenticate.driver.mounted.oauthTokenFile', '/etc/passwd'],
    ['spark.kubernetes.executor.volumes.hostPath.v.options.path', '/etc'],
    ['spark.ssl.ui.keyStore', '/etc/passwd'],
    ['spark.driver.resource.gpu.discoveryScript', '/bin/sh'],
    ['spark.sql.warehouse.dir', 'file:/etc'],
    ['spark.eventLog.dir', '/etc'],
    ['spark.pyspark.python', '/bin/sh'],
    ['spark.hadoop.fs.defaultFS', 'file:///'],
    ['spark.hadoop.io.compression.codecs', 'a, /etc/passwd'],
    ['spark.anything.new', '/etc/passwd'],
    [' spark.jars ', '/etc/passwd'],
  ])('%s: %s is refused: the path is outside the folders of the operator', (key, value) => {
    expect(() => checked(key, value)).toThrow(/^Rejected, Reason: requirement failed/);
  });

  it.each([
    ['spark.driver.extraClassPath', `${jars}/*:x.jar`],
    ['spark.executor.extraLibraryPath', jars],
    ['spark.jars', `${jars}/x.jar,hdfs:/y.jar`],
    ['spark.jars.packages', 'org.a:b:1.0,org.c:d:2.0'],
    ['spark.app.name', 'a/b'],
    ['spark.eventLog.dir', 'hdfs://n/logs'],
    ['spark.kubernetes.driver.volumes.persistentVolumeClaim.v.mount.path', '/data'],
    ['spark.ui.proxyBase', '/proxy'],
    ['spark.local.dir', '/tmp'],
    ['livy.uri', '/etc'],
    ['spark.sql.shuffle.partitions', '2'],
    ['spark.empty', ''],
    ['spark.jars', ''],
  ])('%s: %s is allowed', (key, value) => {
    expect(checked(key, value)).toBe(value);
  });
});

describe('options of the JVM', () => {
  it.each([
    '-javaagent:/tmp/x.jar',
    '-agentpath:/tmp/x.so',
    '-agentlib:jdwp=transport=dt_socket',
    '-Xbootclasspath/a:/tmp/x.jar',
    '-cp /tmp',
    '@/tmp/options',
    '-XX:OnOutOfMemoryError=rm',
    '-XX:OnError=x',
    '-XX:Flags=.x',
    '-XX:VMOptionsFile=x',
    '-Xmx9g',
    '-XX:MaxHeapSize=9g',
    '-XX:MaxRAMPercentage=90',
    '-Xlog:gc:file=x',
    '-Dlog4j.configurationFile=http://evil.example/x.xml',
    '-Dlog4j2.configurationFile=x.xml',
    '-Djava.library.path=x',
    '-Djava.system.class.loader=X',
    '-Dx=/etc/passwd',
    '-Dx=a:/etc/passwd',
    '-Dx=file:/etc/passwd',
    '-Da=b\u001c-javaagent:x',
    '-Da="b',
    'Main',
  ])('%j is refused in every property for options of the JVM', (option) => {
    for (const key of ['spark.driver.extraJavaOptions', 'spark.executor.defaultJavaOptions'])
      expect(() => checked(key, `-Dok=1 ${option}`)).toThrow(/^Rejected, Reason: requirement failed/);
  });

  it.each(['-Dspark.yarn.queue=root', '-Dspark.driver.memory=9g', '-Dspark.files=hdfs:///x', '-Dspark.x'])(
    '%j is refused: Spark reads such properties of the JVM as its own',
    (option) => {
      for (const key of ['spark.driver.extraJavaOptions', 'spark.driver.defaultJavaOptions'])
        expect(() => checked(key, `-Dok=1 ${option}`)).toThrow(
          /must not hold -Dspark\..*: set spark\..* in conf/,
        );
    },
  );

  it('are allowed if they load no code and name no file outside the folders', () => {
    const value = `-Dhdp.version=3.1 -Dx -XX:+UseG1GC -XX:MaxMetaspaceSize=256m -Xss4m --add-opens=java.base/java.nio=ALL-UNNAMED -Durl=https://h/x -Djar=${jars}/x.jar`;
    expect(checked('spark.driver.extraJavaOptions', value)).toBe(value);
  });
});

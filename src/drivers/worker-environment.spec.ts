import { describe, expect, it } from '@jest/globals';
import { aer } from './aer/driver.js';
import { learner } from './learner/driver.js';
import { spark } from './spark/driver.js';
import { workerEnvironment } from './worker-environment.js';

const drivers = { aer, learner, spark };
type Kind = keyof typeof drivers;
const kinds = Object.keys(drivers) as Kind[];
const environmentOf = (kind: Kind, added: string[], env: Record<string, string>) =>
  workerEnvironment(drivers[kind].environment ?? [], added, env);
const names = (kind: Kind, env: Record<string, string>, added: string[] = []) =>
  Object.keys(environmentOf(kind, added, env));

describe('the environment of a child process', () => {
  it.each(kinds)('contains what a %s worker needs to find its programs and libraries', (kind) => {
    const env = {
      ...{ PATH: '/bin', HOME: '/home/stint', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TZ: 'Asia/Kolkata' },
      ...{ OPENBLAS_NUM_THREADS: '1', LD_LIBRARY_PATH: '/opt/lib', SSL_CERT_FILE: '/etc/ca.pem' },
    };
    expect(environmentOf(kind, [], env)).toEqual(env);
  });

  it.each(kinds)('of a %s worker contains nothing that is not on the allow-list', (kind) => {
    const env = {
      ...{ STINT_ADMIN_TOKEN: 'x', STINT_ADMIN_TOKEN_FILE: 'x', STINT_DATA: 'x', STINT_CONFIG: 'x' },
      ...{ AWS_SECRET_ACCESS_KEY: 'x', QISKIT_IBM_TOKEN: 'x', SSH_AUTH_SOCK: 'x', DATABASE_URL: 'x' },
      ...{ NODE_OPTIONS: 'x', npm_config__authToken: 'x', constructor: 'x', PYTHON_KEYRING: 'x' },
    };
    expect(names(kind, env)).toEqual([]);
  });

  it('contains no variable whose name looks like a secret, even if a pattern matches it', () => {
    const env = { SPARK_CONNECT_AUTHENTICATE_TOKEN: 'x', SPARK_AUTH_SECRET: 'x', SPARK_HOME: '/opt/spark' };
    expect(names('spark', env)).toEqual(['SPARK_HOME']);
  });

  it('contains proxies for Spark only, and only those without a password', () => {
    const env = {
      ...{ HTTPS_PROXY: 'http://proxy:3128', http_proxy: 'http://ann:secret@proxy:3128' },
      ...{ NO_PROXY: 'localhost' },
    };
    expect(names('spark', env)).toEqual(['HTTPS_PROXY', 'NO_PROXY']);
    expect([names('aer', env), names('learner', env)]).toEqual([[], []]);
  });

  it("contains each driver's own variables for that driver only", () => {
    const env = { JAVA_HOME: '/j', STINT_LEARNER_MEMORY: '700', QISKIT_PARALLEL: 'FALSE' };
    expect(kinds.map((kind) => names(kind, env))).toEqual([
      ['QISKIT_PARALLEL'],
      ['STINT_LEARNER_MEMORY'],
      ['JAVA_HOME'],
    ]);
  });

  it('contains the variables that the operator adds by name, if they are set', () => {
    const env = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    expect(environmentOf('spark', ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE'], env)).toEqual({
      AWS_ACCESS_KEY_ID: 'a',
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { givenCertificate, placed } from '../../test/support/certificates.js';
import { sections } from '../../test/support/dialects.js';
import { givenFolder } from '../../test/support/store.js';
import { ConfigError } from './config-file.js';
import { backendWarnings, loadConfig } from './config.js';
import type { DriverKeys } from './driver-keys.js';
import { dataFolder } from './data-folder.js';

const project = join(import.meta.dirname, '../..');

/** The configuration keys of the service's drivers. */
const drivers: readonly DriverKeys[] = [
  { name: 'scripted' },
  {
    name: 'aer',
    program: { key: 'python', variable: 'STINT_PYTHON', environment: '.venv' },
    environment: [],
  },
  { name: 'spark', program: { key: 'spark_python', variable: 'STINT_SPARK_PYTHON' }, environment: [] },
  { name: 'learner', program: { key: 'learner_python', variable: 'STINT_LEARNER_PYTHON' }, environment: [] },
];
const loadWith = (env: NodeJS.ProcessEnv, home: string) => loadConfig(env, home, sections, drivers);

async function givenFile(yaml: string): Promise<string> {
  const file = join(await givenFolder(), 'stint.yaml');
  await writeFile(file, yaml);
  return file;
}

async function load(yaml: string, env: Readonly<Record<string, string>> = {}) {
  return loadWith({ STINT_CONFIG: await givenFile(yaml), ...env }, '/nowhere');
}

async function mistakesIn(yaml: string, env: Readonly<Record<string, string>> = {}) {
  try {
    await load(yaml, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
}

const backend = (more: string) => `backends: [{ name: b1, driver: scripted, ${more} }]`;

describe('a mistake is reported with its key:', () => {
  it.each([
    ['prot: 1', 'prot is not known here; known are: host, port, data,'],
    ['home: /elsewhere', 'home is not known here'],
    ['port: 65536', 'port must not be greater than 65535'],
    ['port: eight', 'port must be an integer number'],
    ['host:', 'host must be a string'],
    ['clock: slow', 'clock must be one of the following values: real, virtual'],
    ['log_level: loud', 'log_level must be one of'],
    ['admin_token: short', 'admin_token must be longer than or equal to 32 characters'],
    ['request_seconds: 0', 'request_seconds must not be less than 1'],
    ['warm_workers: -1', 'warm_workers must not be less than 0'],
    ['fair_share_days: .inf', 'fair_share_days must be a number'],
    ['fair_share_days: 1e300', 'fair_share_days must not be greater than 3650'],
    ['default_backend: b2\nbackends: [{ name: b1, driver: scripted }]', 'default_backend: b2 is none of'],
    [
      'data: postgres://stint:pw@db/stint',
      'data: postgres://…@db/stint is no folder; Stint keeps its data in a folder',
    ],
    ['data: sqlite:stint.db', 'data: sqlite:stint.db is no folder'],
    ['admin_token_file: /no/such', 'admin_token_file: /no/such does not exist'],
    ['tls: { cert: /no/such }', 'tls.key is missing'],
    ['tls: { cert: /no/such, key: /no/such }', 'tls.cert: /no/such does not exist'],
    ['tls: { cert: a, key: b, ca: c }', 'tls.ca is not known here; known are: cert, key'],
    ['trusted_proxies: 10.0.0.1', 'trusted_proxies must be an array'],
    [
      'trusted_proxies: [proxy.example.org]',
      'trusted_proxies: proxy.example.org is not an address (10.0.0.7), a network',
    ],
    ['trusted_proxies: [10.0.0.0/33]', 'trusted_proxies: 10.0.0.0/33 is not an address'],
    ['trusted_proxies: ["1"]', 'trusted_proxies: 1 is not an address'],
    ['trusted_proxies: [0.0.0.0/0]', 'trusted_proxies: 0.0.0.0/0 is everybody'],
    ['trusted_proxies: ["::/0"]', 'trusted_proxies: ::/0 is everybody'],
    ['constructor: x', 'constructor is not known here'],
    ['livy: { constructor: x }', 'livy.constructor is not known here'],
    ['backends:', 'backends must be an array'],
    ['backends: { b1: {} }', 'backends must be an array'],
    ['backends: [b1]', 'backends must be an object'],
    ['backends: [[{ name: b1, driver: scripted }]]', 'backends must be an object'],
    ['backends: [{ name: b-1, driver: scripted }]', 'backends.0.name must be 1 to 64 letters'],
    ['backends: [{ name: b1 }]', 'backends.0.driver is missing'],
    [
      'backends: [{ name: b1, driver: scripted }, { name: b1, driver: scripted }]',
      'backends: b1 is configured twice',
    ],
    [backend('lanes: 0'), 'backends.0.lanes must not be less than 1'],
    [backend('slots: 1.5'), 'backends.0.slots must be an integer number'],
    [backend('lane: 2'), 'backends.0.lane is not known here; known are: name, driver, slots, lanes,'],
    [backend('on_idle: sleep'), 'backends.0.on_idle must be one of'],
    [backend('options: [1]'), 'backends.0.options must be an object'],
    [backend('limits: []'), 'backends.0.limits must be an object'],
    [backend('limits: { ttl: 1 }'), 'backends.0.limits.ttl is not known here; known are: max_ttl,'],
    [backend('limits: { max_ttl: 0 }'), 'backends.0.limits.max_ttl must not be less than 1'],
    [backend('limits: { interactive_ttl: 60 }'), 'limits.interactive_ttl must be an object'],
    ['backends: [{ name: b1, driver: [x], limits: 5, options: 7 }]', 'backends.0.options must be an object'],
    ['stopped_after: 0', 'stopped_after must not be less than 1'],
    ['spark_python: 5', 'spark_python must be a string'],
    ['worker_environment: [HOME]', 'worker_environment must be an object'],
    ['worker_environment: { spark: [1] }', 'each value in worker_environment.spark must be a string'],
    [
      'worker_environment: { spark: [STINT_ADMIN_TOKEN] }',
      'worker_environment.spark must name environment variables; those of Stint stay with it',
    ],
    ['worker_environment: { gpu: [HOME] }', 'worker_environment.gpu is not known here; known are: aer,'],
    ['nexosis: { import_hosts: [1] }', 'each value in nexosis.import_hosts must be a string'],
    [
      backend('limits: { interactive_ttl: { batch: x } }'),
      'backends.0.limits.interactive_ttl.batch must be an integer number',
    ],
  ])('%s', async (yaml, line) => {
    expect((await mistakesIn(yaml)).join('\n')).toContain(line);
  });

  it('and with its file, all mistakes at once', async () => {
    const file = await givenFile('port: x\nclock: y');
    const wrong = () => loadWith({ STINT_CONFIG: file }, '/nowhere');
    expect(wrong).toThrow(new RegExp(`^${file}: port must .*\n${file}: clock must .*$`));
  });

  it.each([
    ['port: abc', ['port must be an integer number.']],
    [
      'admin_token: 5\nrequest_seconds: x',
      ['admin_token must be a string.', 'request_seconds must be an integer number.'],
    ],
    ['backends: 5', ['backends must be an array.']],
    [backend('limits: { interactive_ttl: 100 }'), ['backends.0.limits.interactive_ttl must be an object.']],
    ['backends: [{}]', ['backends.0.name is missing.', 'backends.0.driver is missing.']],
  ])('once, and without the mistakes that follow from it: %s', async (yaml, lines) => {
    const mistakes = (await mistakesIn(yaml)).map((line) => line.replace(/^\S+: /, ''));
    expect(mistakes).toEqual(lines);
  });

  it.each([
    ['STINT_PORT', '80a', 'STINT_PORT must be a whole number, not "80a".'],
    ['STINT_PORT', '-1', 'STINT_PORT must be a whole number, not "-1".'],
    ['STINT_PORT', '99999', 'STINT_PORT: port must not be greater than 65535.'],
    ['STINT_CLOCK', 'fast', 'STINT_CLOCK: clock must be one of the following values: real, virtual.'],
    ['STINT_DATA', 'postgres://db', expect.stringContaining('STINT_DATA: data: postgres://db is no folder')],
    ['STINT_TLS_CERT', '/x.pem', 'STINT_TLS_CERT: tls.key is missing.'],
    [
      'STINT_TRUSTED_PROXIES',
      '10.0.0.1, x',
      expect.stringContaining('STINT_TRUSTED_PROXIES: trusted_proxies: x is not'),
    ],
    ['STINT_ADMIN_TOKEN', 'short', expect.stringContaining('STINT_ADMIN_TOKEN: admin_token must ')],
    ['STINT_DEFAULT_BACKEND', 'b9', expect.stringContaining('STINT_DEFAULT_BACKEND: default_backend: b9')],
  ])('and with the variable that set it: %s=%s', async (name, value, line) => {
    expect(await mistakesIn('backends: [{ name: b1, driver: scripted }]', { [name]: value })).toEqual([line]);
  });

  it.each([
    ['- a list', /stint\.yaml must be a list of keys and values/],
    ['port: [', /stint\.yaml is no valid YAML: .*line 1/],
  ])('also if the file is not a configuration at all: %s', async (yaml, line) => {
    await expect(load(yaml)).rejects.toThrow(line);
  });

  it('also if STINT_CONFIG names a file that does not exist', () => {
    expect(() => loadWith({ STINT_CONFIG: '/no/such.yaml' }, '/nowhere')).toThrow(
      'STINT_CONFIG names /no/such.yaml, which does not exist.',
    );
  });
});

describe('missing backends are a warning, not a mistake:', () => {
  it.each<[string, string, string[], unknown[]]>([
    [
      'no backend at all',
      'port: 18476\ndefault_backend: nope',
      [],
      [
        expect.stringMatching(
          /^No backend is configured in \S+stint\.yaml: copy .* POST \/api\/v1\/admin\/backends/,
        ),
      ],
    ],
    [
      'a default backend that is not stored',
      'default_backend: nope',
      ['b1', 'b2'],
      ['default_backend: nope is none of the backends here (b1, b2).'],
    ],
    ['no warning if the default backend is stored', 'default_backend: b1', ['b1'], []],
    ['no warning if any backend is stored and there is no default', 'port: 1', ['b1'], []],
  ])('%s', async (_, yaml, known, warned) => {
    expect(backendWarnings(await load(yaml), known)).toEqual(warned);
  });
});

describe('a virtual clock', () => {
  it.each(['127.0.0.1', '::1', 'localhost'])('works on %s', async (host) => {
    expect(await load(`clock: virtual\nhost: '${host}'`)).toMatchObject({ clock: 'virtual', host });
  });

  it.each(['0.0.0.0', '::', '192.168.1.2', 'stint.example.org'])('is refused on %s', async (host) => {
    expect(await mistakesIn(`clock: virtual\nhost: '${host}'`)).toEqual([
      expect.stringMatching(/clock: a virtual clock .* loopback only; host is/),
    ]);
    expect(await mistakesIn('', { STINT_CLOCK: 'virtual', STINT_HOST: host })).toEqual([
      expect.stringMatching(/^STINT_CLOCK: clock: a virtual clock/),
    ]);
  });
});

describe("the actor of requests without credentials on Livy's own port", () => {
  const token = 'x'.repeat(32);
  it.each([
    ['a token, anywhere', `livy: { port: 8998, host: 0.0.0.0, token: ${token} }`],
    ['a user, on loopback', 'livy: { port: 8998, anonymous: { user: ann, instance: lab } }'],
    ['nobody', 'livy: { port: 0, state_retain: 60, backend: spark }'],
  ])('may be %s', async (_, yaml) => {
    expect(await load(yaml)).toMatchObject({ livy: { port: expect.any(Number) } });
  });

  it.each([
    [
      'livy: { port: 8998, host: 0.0.0.0, anonymous: {} }',
      /anonymous is for loopback only; livy.host is 0\.0\.0\.0/,
    ],
    [`livy: { port: 8998, token: ${token}, anonymous: {} }`, /token and anonymous exclude each other/],
    ['livy: { anonymous: {} }', /token and anonymous act on the port of livy.port, which is missing/],
    ['livy: { port: 8998, tokn: x }', /livy\.tokn is not known here; known are: port, host, token,/],
  ])('is refused: %s', async (yaml, message) => {
    expect((await mistakesIn(yaml)).join()).toMatch(message);
  });
});

describe('the environment', () => {
  it('overrides the file', async () => {
    const yaml = 'host: 10.0.0.1\nport: 1\ndata: /a\nclock: real\nlog_level: info\npython: /p\n';
    const env = {
      ...{ STINT_HOST: '127.0.0.1', STINT_PORT: '2', STINT_DATA: '/b', STINT_CLOCK: 'virtual' },
      ...{ STINT_LOG_LEVEL: 'debug', STINT_PYTHON: '/q', STINT_ADMIN_TOKEN: 'x'.repeat(32) },
    };
    expect(await load(yaml, env)).toMatchObject({
      ...{ host: '127.0.0.1', port: 2, data: '/b', clock: 'virtual' },
      ...{ log_level: 'debug', python: '/q', admin_token: 'x'.repeat(32) },
    });
  });

  it('is ignored if its values are empty', async () => {
    expect(await load('port: 1', { STINT_PORT: '', STINT_HOST: '' })).toMatchObject({
      ...{ port: 1, host: '127.0.0.1' },
    });
  });
});

describe('a path', () => {
  it('is made absolute', async () => {
    const { data, python } = await load('data: ./somewhere\npython: .venv/bin/python');
    expect(data).toBe(resolve('somewhere'));
    expect(python).toBe(resolve('.venv/bin/python'));
  });

  it('is not made absolute if it is the plain name of a program', async () => {
    expect((await load('python: python3')).python).toBe('python3');
  });

  it('to Python defaults to the environment of the quickstart, if it exists', async () => {
    const home = await givenFolder();
    const env = { STINT_CONFIG: await givenFile('') };
    expect(loadWith(env, home).python).toBeUndefined();
    await mkdir(join(home, '.venv/bin'), { recursive: true });
    await writeFile(join(home, '.venv/bin/python'), '');
    expect(loadWith(env, home).python).toBe(join(home, '.venv/bin/python'));
  });
});

describe('without a file', () => {
  const before = process.cwd();
  beforeEach(async () => process.chdir(await givenFolder()));
  afterEach(() => process.chdir(before));

  it('the shipped example is used, and it is valid', async () => {
    const home = await givenFolder();
    await copyFile(join(project, 'stint.example.yaml'), join(home, 'stint.example.yaml'));
    const config = loadWith({}, home);
    expect(config.source).toBe(join(home, 'stint.example.yaml'));
    expect(config.backends.map(({ name }) => name)).toEqual([
      ...['stint_line_5', 'stint_hex_27', 'spark', 'scripted', 'learner', 'learner_predict'],
    ]);
    expect(isAbsolute(config.data)).toBe(true);
  });

  it('and without the example, every key has its default', async () => {
    expect(loadWith({}, await givenFolder())).toMatchObject({
      ...{ host: '127.0.0.1', port: 8080, clock: 'real', backends: [], source: null },
    });
  });
});

describe('the admin token in a file', () => {
  const token = 'a-token-that-is-long-enough-for-all-of-it';
  async function given(content: string, mode = 0o600) {
    const file = join(await givenFolder(), 'token');
    await writeFile(file, content);
    await chmod(file, mode);
    return file;
  }

  it('is read without its line end, whether the variable or the key names the file', async () => {
    const file = await given(`${token}\n`);
    expect(await load('', { STINT_ADMIN_TOKEN_FILE: file })).toMatchObject({
      admin_token: token,
      warnings: [],
    });
    expect(await load(`admin_token_file: ${file}`)).toMatchObject({ admin_token: token });
  });

  it.each([
    ['x'.repeat(31), /must hold at least 32 characters, and holds 31\.$/],
    ['\n', /must hold at least 32 characters, and holds 0\.$/],
    [`${token}\n${token}\n`, /must hold one token, without blanks or line ends in it\.$/],
  ])('that holds %j is a mistake', async (content, line) => {
    const file = await given(content);
    const wrong = await mistakesIn('', { STINT_ADMIN_TOKEN_FILE: file });
    expect(wrong).toEqual([expect.stringMatching(/^STINT_ADMIN_TOKEN_FILE: admin_token_file: /)]);
    expect(wrong[0]).toMatch(line);
  });

  it('may have just 32 characters', async () => {
    const file = await given('x'.repeat(32));
    expect(await load('', { STINT_ADMIN_TOKEN_FILE: file })).toMatchObject({ admin_token: 'x'.repeat(32) });
  });

  it('and a token in the file or environment exclude each other', async () => {
    const file = await given(token);
    const both = /admin_token and admin_token_file exclude each other: keep one\.$/;
    const env = { STINT_ADMIN_TOKEN: token, STINT_ADMIN_TOKEN_FILE: file };
    expect((await mistakesIn('', env)).join()).toMatch(both);
    expect((await mistakesIn(`admin_token: ${token}\nadmin_token_file: ${file}`)).join()).toMatch(both);
    expect((await mistakesIn(`admin_token: ${token}`, { STINT_ADMIN_TOKEN_FILE: file })).join()).toMatch(
      both,
    );
  });
});

describe('a warning is given', () => {
  const token = 'a-token-that-is-long-enough-for-all-of-it';
  const open = /^.* is in \S+, which other accounts of this machine can read\. Run: chmod 600 /;

  it.each([0o640, 0o604])('for a file with the admin token that others may read: %o', async (mode) => {
    const file = join(await givenFolder(), 'token');
    await writeFile(file, token);
    await chmod(file, mode);
    expect((await load('', { STINT_ADMIN_TOKEN_FILE: file })).warnings).toEqual([
      expect.stringMatching(open),
    ]);
  });

  it.each([`admin_token: ${token}`, `livy: { port: 0, token: ${token} }`])(
    'for a configuration that others may read, with %s',
    async (yaml) => {
      const file = await givenFile(yaml);
      await chmod(file, 0o644);
      expect(loadWith({ STINT_CONFIG: file }, '/nowhere').warnings).toEqual([expect.stringMatching(open)]);
      await chmod(file, 0o600);
      expect(loadWith({ STINT_CONFIG: file }, '/nowhere').warnings).toEqual([]);
    },
  );

  it.each(['STINT_SPEED', 'STINT_FOO', 'STINT_LEVEL', 'STINT_KEY'])(
    'for %s, without a suggestion: no known name is similar',
    async (name) => {
      const { warnings = [] } = await load('', { [name]: 'x' });
      expect(warnings.join()).toMatch(/is not known and has no effect\. Known are: /);
      expect(warnings.join()).not.toMatch(/Did you mean/);
    },
  );

  it('for each unknown variable, with the most similar known one', async () => {
    const env = { STINT_PROT: '1', STINT_ADMIN_TOKENS: 'x', STINT_SIMULATION_FOLDER: '/s', OTHER: '1' };
    expect((await load('', env)).warnings).toEqual([
      expect.stringMatching(
        /^The environment variable STINT_ADMIN_TOKENS .* Did you mean STINT_ADMIN_TOKEN\?$/,
      ),
      expect.stringMatching(/STINT_PROT is not known and has no effect\. Did you mean STINT_PORT\?$/),
      expect.stringMatching(/STINT_SIMULATION_FOLDER .* Known are: STINT_HOST, STINT_PORT, STINT_DATA,/),
    ]);
  });
});

describe('a command that needs only the data folder', () => {
  it.each(['postgres://stint:secret@db/stint', 'sqlite:stint.db'])('refuses %s too', (data) => {
    const of = () => dataFolder(undefined, { STINT_DATA: data }, '/nowhere');
    expect(of).toThrow(/^STINT_DATA: \S+ is no folder; Stint keeps its data in a folder of this machine/);
    expect(of).not.toThrow(/secret/);
  });

  it.each(['./data', 'C:data', 'a:b'])('accepts %s as a folder', (data) => {
    expect(dataFolder(data, {}, '/nowhere')).toBe(resolve(data));
  });
});

describe('TLS and proxies', () => {
  it('can be configured by the environment alone', async () => {
    const { cert, key } = await placed(await givenFolder(), await givenCertificate());
    const env = {
      STINT_TLS_CERT: cert,
      STINT_TLS_KEY: key,
      STINT_TRUSTED_PROXIES: '10.0.0.7, fd00::/8 loopback',
    };
    expect(await load('tls: { cert: /a, key: /b }\ntrusted_proxies: [1.2.3.4]', env)).toMatchObject({
      tls: { cert, key },
      trusted_proxies: ['10.0.0.7', 'fd00::/8', 'loopback'],
    });
  });
});

describe('an option of a backend', () => {
  it('may have a name that every object inherits', async () => {
    const { backends } = await load(backend('options: { conf: { constructor: a, toString: b } }'));
    expect(JSON.stringify(backends[0]?.options)).toBe('{"conf":{"constructor":"a","toString":"b"}}');
  });
});

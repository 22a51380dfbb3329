import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rMissing } from './r-installation.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stint-r-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'R'), '#!/bin/sh\n', { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true }));

const python = () => join(folder, 'venv', 'bin', 'python');
/** Creates SparkR in this library. */
const withSparkR = (...library: string[]): string => {
  const path = join(folder, ...library);
  mkdirSync(join(path, 'SparkR'), { recursive: true });
  writeFileSync(join(path, 'SparkR', 'DESCRIPTION'), 'Package: SparkR\n');
  return path;
};
const missing = (environment: Record<string, string>, plain = false) =>
  rMissing({ PATH: join(folder, 'bin'), HOME: folder, ...environment }, python(), plain, []);

describe('R without SparkR', () => {
  it('is refused with the places that were searched and the alternative', () => {
    expect(missing({})).toMatch(/^R sessions need SparkR.*\$SPARK_HOME\/R\/lib.*R_LIBS.*plain_r\.$/);
  });

  it('is enough for a backend with plain_r', () => expect(missing({}, true)).toBeNull());

  it.each(['', '/nowhere', 'relative', '/proc/self/environ'])('is not found in R_LIBS=%j', (R_LIBS) => {
    expect(missing({ R_LIBS })).toMatch(/SparkR/);
  });

  it('is not found in a folder of that name without a package', () => {
    mkdirSync(join(folder, 'library', 'SparkR'), { recursive: true });
    expect(missing({ R_LIBS: join(folder, 'library') })).toMatch(/SparkR/);
  });
});

describe('SparkR is found', () => {
  it.each(['R_LIBS', 'R_LIBS_USER', 'R_LIBS_SITE'])('in a folder of %s', (name) => {
    const library = withSparkR('library');
    expect(missing({ [name]: `/nowhere:${library}` })).toBeNull();
    expect(missing({ [name]: '/nowhere:~/library' })).toBeNull();
  });

  it('in the installation of Spark that SPARK_HOME names', () => {
    withSparkR('spark', 'R', 'lib');
    expect(missing({ SPARK_HOME: join(folder, 'spark') })).toBeNull();
  });

  it("in the Python's own Spark, unless SPARK_HOME names another", () => {
    withSparkR('venv', 'lib', 'python3.11', 'site-packages', 'pyspark', 'R', 'lib');
    expect(missing({})).toBeNull();
    expect(missing({ SPARK_HOME: '/nowhere' })).toMatch(/SparkR/);
  });

  it("in the user's own library, into which R installs packages", () => {
    withSparkR('R', 'x86_64-pc-linux-gnu-library', '4.2');
    expect(missing({})).toBeNull();
  });
});

describe('without R', () => {
  it.each(['', '/nowhere'])('the refusal says what to install: PATH=%j', (PATH) => {
    expect(missing({ PATH }, true)).toMatch(/^R is not installed: install Debian's r-base-core/);
  });

  it('a file or folder named R that is not executable does not count', () => {
    writeFileSync(join(folder, 'R'), '');
    expect(missing({ PATH: folder }, true)).toMatch(/^R is not installed/);
    mkdirSync(join(folder, 'sub', 'R'), { recursive: true });
    expect(missing({ PATH: join(folder, 'sub') }, true)).toMatch(/^R is not installed/);
  });
});

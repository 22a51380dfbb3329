import { afterAll, describe, expect, it } from '@jest/globals';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findSandboxHost, installationOf } from './host.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'stint-host-')));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the search for a sandbox', () => {
  it('names the missing program and the commands that install it', async () => {
    expect(await findSandboxHost('/nowhere:', folder)).toEqual({
      available: false,
      missing: 'bubblewrap is not installed',
      remedy: 'apt install bubblewrap (Debian, Ubuntu) or dnf install bubblewrap (Fedora, RHEL)',
    });
  });

  it('says that another system than Linux has none', async () => {
    const { missing } = (await findSandboxHost('/usr/bin', folder, 'darwin')) as { missing: string };
    expect(missing).toBe('a sandbox needs Linux');
  });

  it('reports the words of a bubblewrap that cannot make one', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'bwrap'), '#!/bin/sh\necho "bwrap: No permissions" >&2\nexit 1\n', {
      mode: 0o755,
    });
    const found = await findSandboxHost(bin, folder);
    expect(found).toMatchObject({
      available: false,
      missing: 'bubblewrap cannot make a sandbox (bwrap: No permissions)',
    });
  });

  it('writes account files that name only the account inside and nobody, for the service alone', async () => {
    await findSandboxHost(process.env['PATH'] ?? '', folder);
    const passwd = join(folder, 'sandbox', 'passwd');
    const names = readFileSync(passwd, 'utf8').split('\n').filter(Boolean);
    expect(names.map((line) => line.split(':')[0])).toEqual(['stint', 'nobody']);
    expect(statSync(passwd).mode & 0o077).toBe(0);
  });
});

describe('the installation of a program', () => {
  it('is its environment and the Python that it was made with', () => {
    const [base, environment] = [join(folder, 'python-3.11'), join(folder, '.venv')];
    for (const each of [base, environment]) mkdirSync(join(each, 'bin'), { recursive: true });
    writeFileSync(join(base, 'bin', 'python3.11'), '');
    symlinkSync(join(base, 'bin', 'python3.11'), join(environment, 'bin', 'python'));
    writeFileSync(join(environment, 'pyvenv.cfg'), `home = ${base}/bin\nversion = 3.11.7\n`);
    expect(installationOf(join(environment, 'bin', 'python'))).toEqual([base, environment]);
  });

  it('needs nothing besides the system for a program of the system', () => {
    expect(installationOf('/usr/bin/env')).toEqual([]);
  });
});

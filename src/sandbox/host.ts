import { execFile } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { bubblewrapArgs, sandboxUid, sandboxUser, type SandboxHost } from './sandbox.js';

/** Whether this machine can keep processes in a sandbox; if not, what is missing and what installs it. */
export type Finding =
  | { readonly available: true; readonly host: SandboxHost; readonly version: string }
  | { readonly available: false; readonly missing: string; readonly remedy: string };

/** Folders and links at the top that make up the system. */
const systemPaths = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix', '/gnu'];

/** What programs read of `/etc` and everybody may know: libraries, certificates, time zones, settings of runtimes. */
const etcPaths = [
  ...['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'alternatives', 'localtime', 'timezone', 'os-release'],
  ...['ssl/certs', 'ssl/openssl.cnf', 'ca-certificates', 'pki/tls/certs', 'pki/ca-trust', 'crypto-policies'],
  ...['protocols', 'services', 'mime.types', 'fonts', 'R', 'java', 'krb5.conf', 'hadoop', 'spark', 'hive'],
  ...['java-8-openjdk', 'java-11-openjdk', 'java-17-openjdk', 'java-21-openjdk', 'java-25-openjdk'],
].map((name) => `/etc/${name}`);

/** How long the trial may take, in milliseconds. */
const trialWithin = 10_000;

/**
 * Looks for bubblewrap in `path` (the variable PATH) and tries a sandbox. `data` is a folder of the service's own, in which
 * the account files of all sandboxes are written.
 */
export async function findSandboxHost(
  path: string,
  data: string,
  platform = process.platform,
): Promise<Finding> {
  if (platform !== 'linux')
    return { available: false, missing: 'a sandbox needs Linux', remedy: 'run the service on Linux' };
  const bwrap = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'bwrap'))
    .find((file) => existsSync(file));
  if (bwrap === undefined)
    return {
      available: false,
      missing: 'bubblewrap is not installed',
      remedy: 'apt install bubblewrap (Debian, Ubuntu) or dnf install bubblewrap (Fedora, RHEL)',
    };
  const host = { ...lookAround(), bwrap, accounts: writeAccounts(data) };
  const trial = { readable: [], writable: [], hidden: [], devices: [], scratchBytes: 4096 };
  const args = bubblewrapArgs(host, { ...trial, cwd: '/', network: 'none', outlivesService: false }, null);
  const run = promisify(execFile);
  try {
    await run(bwrap, [...args, '/usr/bin/env', 'true'], { timeout: trialWithin, env: {} });
    const { stdout } = await run(bwrap, ['--version'], { timeout: trialWithin, env: {} });
    return { available: true, host, version: stdout.trim().replace(/^\D*/, '') };
  } catch (error) {
    const words = String((error as { stderr?: string }).stderr ?? '').trim();
    return { available: false, ...reasonOf(words, error) };
  }
}

/** Which of the kernel's settings stands in the way. */
function reasonOf(words: string, error: unknown): { missing: string; remedy: string } {
  const message = words === '' ? String((error as Error).message) : words.split('\n')[0];
  const setting = blockingSettings.find(({ file, blocks }) => blocks(valueOf(file)));
  if (setting !== undefined) return setting;
  return {
    missing: `bubblewrap cannot make a sandbox (${message})`,
    remedy:
      'allow user namespaces for the account of the service, or give the container that it runs in the right to make them',
  };
}

const blockingSettings = [
  {
    file: '/proc/sys/user/max_user_namespaces',
    blocks: (value: string | null) => value === '0',
    missing: 'the kernel allows no user namespaces (user.max_user_namespaces is 0)',
    remedy: 'sysctl -w user.max_user_namespaces=15000, and the same line in /etc/sysctl.d/60-stint.conf',
  },
  {
    file: '/proc/sys/kernel/unprivileged_userns_clone',
    blocks: (value: string | null) => value === '0',
    missing: 'the kernel allows user namespaces to root only (kernel.unprivileged_userns_clone is 0)',
    remedy: 'sysctl -w kernel.unprivileged_userns_clone=1, and the same line in /etc/sysctl.d/60-stint.conf',
  },
  {
    file: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    blocks: (value: string | null) => value === '1',
    missing: 'AppArmor allows no user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)',
    remedy:
      'an AppArmor profile for bwrap with "userns," in it, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  },
];

function valueOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}

function lookAround(): Pick<SandboxHost, 'system' | 'links' | 'etc'> {
  const there = systemPaths.filter((path) => existsSync(path));
  const isLink = (path: string) => lstatSync(path).isSymbolicLink();
  return {
    system: there.filter((path) => !isLink(path)),
    links: there.filter(isLink).map((path) => [path, readlinkSync(path)]),
    etc: etcPaths.filter((path) => existsSync(path)),
  };
}

/** Writes the accounts that a sandboxed process sees: its own, and nobody. Returns their folder. */
function writeAccounts(data: string): string {
  const folder = join(data, 'sandbox');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passwd = `${sandboxUser}:x:${sandboxUid}:${sandboxUid}::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n`;
  writeFileSync(join(folder, 'passwd'), passwd, { mode: 0o600 });
  writeFileSync(join(folder, 'group'), `${sandboxUser}:x:${sandboxUid}:\nnogroup:x:65534:\n`, {
    mode: 0o600,
  });
  return folder;
}

/**
 * Returns the folders that a program needs beside the system's: where it is installed, and for a Python environment also
 * where the Python is that it was made with.
 */
export function installationOf(program: string): string[] {
  const environment = dirname(dirname(program));
  const found = [dirname(dirname(realpathSync(program)))];
  if (basename(dirname(program)) === 'bin') found.push(realpathSync(environment));
  const base = /^home\s*=\s*(.+)$/m.exec(valueOf(join(environment, 'pyvenv.cfg')) ?? '')?.[1]?.trim();
  if (base !== undefined && existsSync(base)) found.push(realpathSync(dirname(base)));
  return [...new Set(found)].filter((path) => path !== '/' && !path.startsWith('/usr/') && path !== '/usr');
}

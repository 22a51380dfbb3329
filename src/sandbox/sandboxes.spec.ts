import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';

import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ControlGroups } from './control-groups.js';
import { findSandboxHost, installationOf } from './host.js';
import type { Sandbox } from './sandbox.js';
import { closeAll, Sandboxes } from './sandboxes.js';

/** In every file that an attack is after, and from every server. */
const secret = 'canary-7f3a';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'stint-sandbox-')));
const data = join(root, 'data');
const own = join(data, 'spark', 'own');
const other = join(data, 'spark', 'other');
const programs = join(root, 'programs');
const shared = `/dev/shm/stint-canary-${process.pid}`;

const found = await findSandboxHost(process.env['PATH'] ?? '', data);
// A machine without bubblewrap has nothing to test here. `.ci/run` installs it.
const describeSandboxes = found.available ? describe : describe.skip;

function write(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, secret);
}

const servers: Server[] = [];
async function listen(address: object): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).end(secret));
  servers.push(server.listen(address));
  await once(server, 'listening');
  return server;
}

/** Stands for the service: a process with a secret in its environment, in the data folder. */
let service: ChildProcess;
let port = 0;

beforeAll(async () => {
  for (const path of ['stint.sqlite', '../stint.yaml', '../home/.ssh/id', '../programs/code.py'])
    write(join(data, path));
  for (const path of [join(other, 'settings.json'), join(root, 'left-in-tmp'), shared]) write(path);
  mkdirSync(own, { recursive: true });
  symlinkSync(join(data, 'stint.sqlite'), join(own, 'link'));
  const tcp = await listen({ host: '127.0.0.1', port: 0 });
  port = (tcp.address() as { port: number }).port;
  await listen({ path: join(other, 'driver.sock') });
  await listen({ path: `\0stint-canary-${process.pid}` });
  service = spawn('sleep', ['600'], { cwd: data, env: { ...process.env, SECRET: secret }, stdio: 'ignore' });
});
afterAll(() => {
  service.kill('SIGKILL');
  for (const server of servers) server.close();
  for (const path of [root, shared]) rmSync(path, { recursive: true, force: true });
});

const connect = (address: string) =>
  `"$NODE" -e "require('net').connect(${address}).on('data', (d) => console.log(String(d))).on('error', () => {})"`;

/** Shell scripts that print the secret, or GOT, if they succeed. */
const attacks: readonly (readonly [what: string, script: string])[] = [
  ['reads the database', 'cat "$DATA/stint.sqlite"'],
  ['reads the configuration', 'cat "$DATA/../stint.yaml"'],
  ['lists the data folder', 'ls "$DATA" | grep -q stint.sqlite && echo GOT'],
  ['reads a file of another session', 'cat "$DATA/spark/other/settings.json"'],
  ['lists the other sessions', 'ls "$DATA/spark" | grep -q other && echo GOT'],
  ['follows a symbolic link out of its folder', 'cat link'],
  ['makes a hard link to the database', 'ln "$DATA/stint.sqlite" hard && cat hard'],
  ['reads the environment of the service', 'cat "/proc/$SERVICE/environ"'],
  ['reads the command line of the service', 'grep -q sleep "/proc/$SERVICE/cmdline" && echo GOT'],
  ['reaches files through the folder of the service', 'cat "/proc/$SERVICE/cwd/stint.sqlite"'],
  ['reaches files through the root of the service', 'cat "/proc/$SERVICE/root$DATA/stint.sqlite"'],
  [
    'finds the service among all processes',
    'grep -ls SECRET= /proc/[0-9]*/environ | grep -q "/$SERVICE/" && echo GOT',
  ],
  ['signals the service', 'kill -0 "$SERVICE" && echo GOT'],
  ['connects to a port of this machine', connect("{ host: '127.0.0.1', port: process.env.PORT }")],
  [
    'connects to the socket of another session',
    connect("{ path: process.env.DATA + '/spark/other/driver.sock' }"),
  ],
  ['connects to an abstract socket', connect("{ path: '\\\\0stint-canary-' + process.env.TEST }")],
  ['reads what is left in /tmp', 'cat "$ROOT/left-in-tmp"'],
  ['reads shared memory', 'cat "/dev/shm/stint-canary-$TEST"'],
  ['reads the home of the service', 'cat "$ROOT/home/.ssh/id"'],
  ['changes a program of the service', 'echo changed > "$ROOT/programs/code.py" && echo GOT'],
  ['makes a file beside the programs', 'touch "$ROOT/programs/new" && echo GOT'],
];

const environment = (): Record<string, string> => ({
  ...{ PATH: '/usr/bin:/bin', HOME: own, DATA: data, ROOT: root, NODE: process.execPath },
  ...{ PORT: String(port), SERVICE: String(service.pid), TEST: String(process.pid) },
});

/** The command lines of all processes on this machine. */
const processes = (): string[] =>
  readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')] : [];
    } catch {
      return [];
    }
  });

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. The servers of this test answer meanwhile. */
async function runProgram(
  command: string,
  args: readonly string[],
  {
    cwd,
    env,
    descriptors = [],
  }: { cwd: string; env: Record<string, string>; descriptors?: readonly number[] },
): Promise<Ended> {
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
    timeout: 60_000,
  });
  closeAll(descriptors);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

describe.each(attacks)('without a sandbox, a script that %s', (_, script) => {
  afterEach(() => {
    rmSync(join(own, 'hard'), { force: true });
    write(join(programs, 'code.py'));
  });
  it('succeeds', async () => {
    const { stdout } = await runProgram('/bin/sh', ['-c', script], { cwd: own, env: environment() });
    expect(stdout).toMatch(/GOT|canary-7f3a/);
  });
});

describeSandboxes('in a sandbox', () => {
  const sandboxes = () => new Sandboxes((found as Extract<typeof found, { available: true }>).host, data);
  const given: Sandbox = {
    ...{ readable: [programs, ...installationOf(process.execPath)], writable: [own] },
    hidden: [{ path: data, kind: 'folder' }],
    ...{ cwd: own, network: 'none', devices: [], scratchBytes: 16 * 1024 ** 2, outlivesService: false },
  };
  const run = (
    script: string,
    more: Partial<Sandbox> = {},
    group: Parameters<Sandboxes['command']>[2] = null,
  ) => {
    const program = { command: '/bin/sh', args: ['-c', script], cwd: own, env: environment() };
    const { command, args, ...how } = sandboxes().command(program, { ...given, ...more }, group);
    return runProgram(command, args, { ...how, env: program.env });
  };

  it('a script runs, as an account of its own', async () => {
    const { status, stdout, stderr } = await run('id -un; pwd; cat "$ROOT/programs/code.py"; uname -n');
    expect([status, stdout, stderr]).toEqual([0, `stint\n${own}\n${secret}stint\n`, '']);
  });

  it.each(attacks)('nobody %s', async (_, script) => {
    const { stdout } = await run(script);
    expect(stdout).not.toMatch(/GOT|canary-7f3a/);
  });

  it('a hard link made before leads to nothing that was not there', async () => {
    linkSync(join(other, 'settings.json'), join(other, 'hard'));
    expect((await run('cat "$DATA/spark/other/hard"')).stdout).toBe('');
  });

  it('files in the own folder are written, and stay', async () => {
    expect((await run('echo 1 > made && cat made')).stdout).toBe('1\n');
    expect(spawnSync('cat', [join(own, 'made')], { encoding: 'utf8' }).stdout).toBe('1\n');
  });

  it('/tmp is private, empty and bounded', async () => {
    expect((await run('ls -A /tmp | grep -v "^stint-sandbox-"')).stdout).toBe('');
    const { stderr } = await run('head -c 20000000 /dev/zero > /tmp/large');
    expect(stderr).toMatch(/No space left/);
  });

  it('a loopback of its own is there', async () => {
    const script = `"$NODE" -e "const s = require('net').createServer((c) => c.end('mine')).listen(0, '127.0.0.1', () => require('net').connect(s.address().port, '127.0.0.1').on('data', (d) => { console.log(String(d)); s.close(); }))"`;
    expect((await run(script)).stdout).toBe('mine\n');
  });

  it('the network of the machine is reached only where the operator gives it', async () => {
    const script = connect("{ host: '127.0.0.1', port: process.env.PORT }");
    const [none, host] = [await run(script), await run(script, { network: 'host' })];
    expect([none.stdout, host.stdout]).toEqual(['', `${secret}\n`]);
  });

  it('a filter and no new privileges hold for all that it starts', async () => {
    const { stdout } = await run(
      'grep -E "^(NoNewPrivs|Seccomp|CapEff):" /proc/self/status | tr -d "\\t\\n"',
    );
    expect(stdout).toBe('CapEff:0000000000000000NoNewPrivs:1Seccomp:2');
  });

  it('no new namespace can be made', async () => {
    const { status, stderr } = await run('unshare --user --map-root-user true');
    expect([status === 0, stderr]).toEqual([false, expect.stringMatching(/not permitted|Operation/)]);
  });

  it('what it left running ends with it', async () => {
    const mark = `4${process.pid}`;
    await run(`setsid sleep ${mark} >/dev/null 2>&1 & echo started`);
    expect(processes().filter((line) => line.includes(`sleep ${mark}`))).toEqual([]);
  });

  it('limits of a control group hold inside', async () => {
    const groups = ControlGroups.find(`sandboxes-${process.pid}`);
    if (groups === null) return;
    const group = groups.create('one', { memoryBytes: 128 * 1024 ** 2, processes: 64 });
    const fill = `"$NODE" -e "const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1));"`;
    const { status } = await run(fill, {}, group);
    expect(status).not.toBe(0);
    expect(group.breach()).toBe('it used more memory than its limit of 128 MB');
    expect(group.remove()).toBe(true);
  });
});

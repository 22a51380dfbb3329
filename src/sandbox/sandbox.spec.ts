import { describe, expect, it } from '@jest/globals';
import { bubblewrapArgs, checkReadable, mountsOf, type Sandbox, type SandboxHost } from './sandbox.js';

const host: SandboxHost = {
  bwrap: '/usr/bin/bwrap',
  system: ['/usr'],
  links: [['/bin', 'usr/bin']],
  etc: ['/etc/localtime'],
  accounts: '/data/sandbox',
};
const given: Sandbox = {
  readable: [],
  writable: ['/data/workers/1'],
  hidden: [],
  cwd: '/data/workers/1',
  network: 'none',
  devices: [],
  scratchBytes: 1024,
  outlivesService: false,
};
const args = (more: Partial<Sandbox> = {}, fd: number | null = null) =>
  bubblewrapArgs(host, { ...given, ...more }, fd).join(' ');

describe('the arguments for bubblewrap', () => {
  it('unshare every namespace but the network of a process that may use it', () => {
    for (const name of ['user', 'ipc', 'pid', 'uts', 'net']) expect(args()).toContain(`--unshare-${name}`);
    expect(args({ network: 'host' })).not.toContain('--unshare-net');
  });

  it('end the process with the service, unless it is to outlive it', () => {
    expect(args()).toContain('--die-with-parent');
    expect(args({ outlivesService: true })).not.toContain('--die-with-parent');
  });

  it('show the resolver of the machine only where the network is', () => {
    expect(args()).not.toContain('resolv.conf');
    expect(args({ network: 'host' })).toContain('--ro-bind-try /etc/resolv.conf /etc/resolv.conf');
  });

  it('give devices by name, and the filter by its descriptor', () => {
    expect(args({ devices: ['/dev/nvidia0'] })).toContain('--dev-bind-try /dev/nvidia0 /dev/nvidia0');
    expect(args({}, 3)).toContain('--seccomp 3');
  });

  it('bound the memory of /tmp and of shared memory', () => {
    for (const path of ['/tmp', '/dev/shm']) expect(args()).toContain(`--size 1024 --tmpfs ${path}`);
  });
});

describe('the mounts of a sandbox', () => {
  const mounts = (more: Partial<Sandbox>) =>
    mountsOf({ ...given, ...more }, host).map(({ kind, path }) => `${kind} ${path}`);

  it('hide the data folder below a readable one, and open the own folder below that', () => {
    const more = { readable: ['/opt/stint'], writable: ['/opt/stint/data/workers/1'] };
    expect(mounts({ ...more, hidden: [{ path: '/opt/stint/data', kind: 'folder' }] })).toEqual([
      'read /opt/stint',
      'hide-folder /opt/stint/data',
      'write /opt/stint/data/workers/1',
    ]);
  });

  it('hide a path that is readable as a whole', () => {
    const more = { readable: ['/etc/stint.yaml'], writable: [] };
    expect(mounts({ ...more, hidden: [{ path: '/etc/stint.yaml', kind: 'file' }] })).toEqual([
      'read /etc/stint.yaml',
      'hide-file /etc/stint.yaml',
    ]);
  });

  it('leave out what nothing makes visible, and hide what lies in the system', () => {
    const hidden = [
      { path: '/srv/data', kind: 'folder' },
      { path: '/usr/local/etc/key', kind: 'file' },
    ] as const;
    expect(mounts({ writable: [], hidden })).toEqual(['hide-file /usr/local/etc/key']);
  });

  it('take names for what they are: /opt/stint2 is not below /opt/stint', () => {
    const hidden = [{ path: '/opt/stint2', kind: 'folder' }] as const;
    expect(mounts({ readable: ['/opt/stint'], writable: [], hidden })).toEqual(['read /opt/stint']);
  });
});

describe('a readable path', () => {
  it.each(['relative', '/', '//', '/usr/..'])('may not be %s', (path) => {
    expect(() => checkReadable(path)).toThrow();
  });
  it('may be any other folder', () => expect(() => checkReadable('/opt/java')).not.toThrow());
});

import { dirname, isAbsolute, join, normalize } from 'node:path';

/** What one sandboxed process may see and do. All paths are absolute, and mean the same inside and outside. */
export interface Sandbox {
  /** Folders and files that it may read, beside the system's own. */
  readonly readable: readonly string[];
  /** Folders that it may write: its own. */
  readonly writable: readonly string[];
  /** Folders and files of the service that it must not see, even below a readable folder. They must exist. */
  readonly hidden: readonly Hidden[];
  readonly cwd: string;
  /** `none`: a loopback of its own. `host`: the machine's network, the service's own ports among it. */
  readonly network: 'none' | 'host';
  /** Device files that it may use, such as `/dev/nvidia0`. */
  readonly devices: readonly string[];
  /** Bytes that `/tmp` and `/dev/shm` may hold, each. */
  readonly scratchBytes: number;
  /** The process lives on when the service ends (decision 0006). */
  readonly outlivesService: boolean;
}

export interface Hidden {
  readonly path: string;
  readonly kind: 'folder' | 'file';
}

/** What a machine has for every sandbox, found once. */
export interface SandboxHost {
  /** The bubblewrap program. */
  readonly bwrap: string;
  /** Folders of the system itself, such as `/usr`. */
  readonly system: readonly string[];
  /** Links at the top that point into `/usr`, with their targets, such as `/bin` to `usr/bin`. */
  readonly links: readonly (readonly [path: string, target: string])[];
  /** Files and folders of `/etc` that programs need and that hold no secret. */
  readonly etc: readonly string[];
  /** A folder with the `passwd` and `group` that a sandboxed process sees. */
  readonly accounts: string;
}

/** The account inside: an ordinary one. Outside it is the account of the service, or the one of `run_as`. */
export const sandboxUid = 1000;
export const sandboxUser = 'stint';

/**
 * Returns bubblewrap's arguments that come before the command. `seccompFd` is the descriptor in the child from which
 * bubblewrap reads the filter; null where this processor has none.
 */
export function bubblewrapArgs(host: SandboxHost, sandbox: Sandbox, seccompFd: number | null): string[] {
  const { cwd, network, devices, outlivesService } = sandbox;
  const bind = (kind: string, path: string) => [kind, path, path];
  return [
    ...['--unshare-user', '--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup-try'],
    ...(network === 'none' ? ['--unshare-net'] : []),
    ...['--uid', String(sandboxUid), '--gid', String(sandboxUid), '--hostname', 'stint', '--cap-drop', 'ALL'],
    // Without a terminal of the service there is nothing to type into.
    '--new-session',
    ...(outlivesService ? [] : ['--die-with-parent']),
    ...host.system.flatMap((path) => bind('--ro-bind', path)),
    ...host.links.flatMap(([path, target]) => ['--symlink', target, path]),
    ...host.etc.flatMap((path) => bind('--ro-bind', path)),
    ...(network === 'host' ? networkFiles.flatMap((path) => bind('--ro-bind-try', path)) : []),
    ...['passwd', 'group'].flatMap((name) => ['--ro-bind', join(host.accounts, name), `/etc/${name}`]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...devices.flatMap((path) => bind('--dev-bind-try', path)),
    ...scratch('/dev/shm', sandbox.scratchBytes),
    ...scratch('/tmp', sandbox.scratchBytes),
    ...mountsOf(sandbox, host).flatMap((each) => mountArgs[each.kind](each.path)),
    ...(seccompFd === null ? [] : ['--seccomp', String(seccompFd)]),
    ...['--chdir', cwd, '--'],
  ];
}

/** Read only where a process may speak to other machines: their names are resolved with these. */
const networkFiles = ['/etc/resolv.conf', '/etc/hosts', '/etc/nsswitch.conf'];

const scratch = (path: string, bytes: number) => [
  '--perms',
  '1777',
  '--size',
  String(bytes),
  '--tmpfs',
  path,
];

interface Mount {
  readonly kind: 'read' | 'write' | 'hide-folder' | 'hide-file';
  readonly path: string;
}

const mountArgs: Readonly<Record<Mount['kind'], (path: string) => string[]>> = {
  read: (path) => ['--ro-bind', path, path],
  write: (path) => ['--bind', path, path],
  'hide-folder': (path) => ['--tmpfs', path],
  'hide-file': (path) => ['--ro-bind', '/dev/null', path],
};

/**
 * Returns the mounts in the order in which they must be made: a folder before what lies below it, so that the innermost rule
 * holds. Of two rules for one path, hiding wins. A hidden path that nothing makes visible is left out.
 */
export function mountsOf(
  sandbox: Pick<Sandbox, 'readable' | 'writable' | 'hidden'>,
  host: Pick<SandboxHost, 'system'>,
): Mount[] {
  const open: Mount[] = [
    ...sandbox.readable.map((path): Mount => ({ kind: 'read', path: normalize(path) })),
    ...sandbox.writable.map((path): Mount => ({ kind: 'write', path: normalize(path) })),
  ];
  const visible = [...open.map(({ path }) => path), ...host.system];
  const hidden = sandbox.hidden
    .map(({ path, kind }): Mount => ({ kind: `hide-${kind}`, path: normalize(path) }))
    .filter(({ path }) => visible.some((each) => contains(each, path)));
  const depth = ({ path }: Mount) => path.split('/').length;
  const kinds = Object.keys(mountArgs);
  return [...open, ...hidden].sort(
    (a, b) => depth(a) - depth(b) || kinds.indexOf(a.kind) - kinds.indexOf(b.kind),
  );
}

/** Whether `path` is `folder` or lies below it. */
export function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** Throws for a path that would open the whole machine. */
export function checkReadable(path: string): void {
  if (!isAbsolute(path)) throw new Error(`${path} is no absolute path`);
  const plain = normalize(path);
  if (dirname(plain) === plain) throw new Error('/ cannot be readable in a sandbox');
}

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { memoryBreach, processesBreach, type Breach, type ProcessLimits } from './limits.js';

/** The folder of all groups of one service, below each controller. */
const ownFolder = 'stint';

/** Which files of a control group hold a limit and count what went beyond it; they differ between the two versions. */
interface Controller {
  /** The folder in which groups are made. */
  readonly root: string;
  readonly set: (group: string, limits: ProcessLimits) => void;
  readonly breach: (group: string, limits: ProcessLimits) => Breach | null;
}

/** One sandbox's group: the kernel holds its processes to the limits. */
export interface ControlGroup {
  /** Files to which a process writes `0` in order to be in the group, before it starts anything. */
  readonly doors: readonly string[];
  /** Returns the limit that was reached, or null. */
  breach(): Breach | null;
  /** The processes in the group, by the numbers of this machine. */
  members(): number[];
  /** Removes the group; returns false while processes are in it. */
  remove(): boolean;
}

/** The control groups of this service: of version 1 or 2, whichever the machine has and lets the service use. */
export class ControlGroups {
  private constructor(
    readonly version: 1 | 2,
    private readonly controllers: readonly Controller[],
  ) {}

  /** Returns null where there are none, or where the service may not make one. `root` is another one for tests. */
  static find(service: string, root = '/sys/fs/cgroup'): ControlGroups | null {
    for (const find of [versionTwo, versionOne]) {
      const found = find(root, join(ownFolder, service));
      if (found !== null) return new ControlGroups(...found);
    }
    return null;
  }

  create(name: string, limits: ProcessLimits): ControlGroup {
    const groups = this.controllers.map((controller) => ({ controller, path: join(controller.root, name) }));
    for (const { controller, path } of groups) {
      makeFolder(path);
      controller.set(path, limits);
    }
    return {
      doors: groups.map(({ path }) => join(path, 'cgroup.procs')),
      breach: () => {
        for (const { controller, path } of groups) {
          const breach = controller.breach(path, limits);
          if (breach !== null) return breach;
        }
        return null;
      },
      members: () => [...new Set(groups.flatMap(({ path }) => membersOf(path)))],
      remove: () => groups.map(({ path }) => isRemoved(path)).every(Boolean),
    };
  }

  /** Removes the groups that an earlier service left behind and that no process is in. Returns how many are left. */
  clear(): number {
    const names = new Set(this.controllers.flatMap(({ root }) => foldersIn(root)));
    return [...names].filter((name) => !this.controllers.every(({ root }) => isRemoved(join(root, name))))
      .length;
  }
}

type Found = [version: 1 | 2, controllers: readonly Controller[]];

function versionOne(mount: string, folder: string): Found | null {
  const memory: Controller = {
    root: join(mount, 'memory', folder),
    set(group, { memoryBytes }) {
      if (memoryBytes === null) return;
      write(join(group, 'memory.limit_in_bytes'), memoryBytes);
      // Swap counts as memory, where the kernel counts swap.
      tryToWrite(join(group, 'memory.memsw.limit_in_bytes'), memoryBytes);
    },
    breach: (group, { memoryBytes }) =>
      memoryBytes !== null && counted(join(group, 'memory.oom_control'), 'oom_kill') > 0
        ? memoryBreach(memoryBytes)
        : null,
  };
  return usable(1, [memory, pidsController(join(mount, 'pids', folder))]);
}

function versionTwo(mount: string, folder: string): Found | null {
  if (!existsSync(join(mount, 'cgroup.controllers'))) return null;
  const own = /^0::(.*)$/m.exec(textOf('/proc/self/cgroup'))?.[1] ?? '/';
  const root = join(mount, own, folder);
  const both: Controller = {
    root,
    set(group, { memoryBytes }) {
      if (memoryBytes === null) return;
      write(join(group, 'memory.max'), memoryBytes);
      tryToWrite(join(group, 'memory.swap.max'), 0);
      tryToWrite(join(group, 'memory.oom.group'), 1);
    },
    breach: (group, { memoryBytes }) =>
      memoryBytes !== null && counted(join(group, 'memory.events'), 'oom_kill') > 0
        ? memoryBreach(memoryBytes)
        : null,
  };
  // A group hands its controllers on to those below it, from the service's own group downwards.
  for (const above of [join(mount, own), join(mount, own, ownFolder), root]) {
    tryToMake(above);
    tryToWrite(join(above, 'cgroup.subtree_control'), '+memory +pids');
  }
  return usable(2, [both, pidsController(root)]);
}

const pidsController = (root: string): Controller => ({
  root,
  set(group, { processes }) {
    if (processes !== null) write(join(group, 'pids.max'), processes);
  },
  breach: (group, { processes }) =>
    processes !== null && counted(join(group, 'pids.events'), 'max') > 0 ? processesBreach(processes) : null,
});

/** Tries a group with limits, which fails where the kernel has no such controller or the account no right to it. */
function usable(version: 1 | 2, controllers: readonly Controller[]): Found | null {
  const trial = `trial-${process.pid}`;
  try {
    for (const { root, set } of controllers) {
      makeFolder(join(root, trial));
      set(join(root, trial), { memoryBytes: 64 * 1024 ** 2, processes: 16 });
    }
    return [version, controllers];
  } catch {
    return null;
  } finally {
    for (const { root } of controllers) isRemoved(join(root, trial));
  }
}

/** Reads a count from a file with a name and a number on each line. */
function counted(file: string, name: string): number {
  const line = textOf(file)
    .split('\n')
    .find((each) => each.startsWith(`${name} `));
  return Number(line?.split(' ')[1] ?? 0);
}

/** Makes a folder and those above it. Node's own recursive `mkdir` never returns where the system makes none, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const above = dirname(folder);
  if (above !== folder) makeFolder(above);
  mkdirSync(folder);
}

const membersOf = (group: string): number[] =>
  textOf(join(group, 'cgroup.procs')).split('\n').filter(Boolean).map(Number);

function isRemoved(group: string): boolean {
  try {
    rmdirSync(group);
  } catch {
    return !existsSync(group);
  }
  return true;
}

function foldersIn(root: string): string[] {
  try {
    return readdirSync(root, { withFileTypes: true }).flatMap((each) =>
      each.isDirectory() ? [each.name] : [],
    );
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const write = (file: string, value: number | string) => writeFileSync(file, String(value), { flag: 'r+' });

function tryToWrite(file: string, value: number | string): void {
  try {
    write(file, value);
  } catch {
    // This kernel does not have it.
  }
}

function tryToMake(folder: string): void {
  try {
    makeFolder(folder);
  } catch {
    // The trial that follows says what is missing.
  }
}

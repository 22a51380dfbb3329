import { readdirSync, readFileSync } from 'node:fs';

/** Identifies a process. The pid alone is not enough, because the system reuses it. */
export interface ProcessMark {
  readonly pid: number;
  /** Start time in clock ticks since boot; empty where there is no /proc. */
  readonly started: string;
}

/**
 * Returns the fields of /proc/[pid]/stat after the name, which may contain anything: state, parent, group, session, …
 */
function statOf(pid: number | string): string[] | null {
  const stat = textOf(`/proc/${pid}/stat`);
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Returns whether the system has /proc. Without it only the existence of a process can be checked. */
export const hasProcFs = (): boolean => statOf('self') !== null;

/** Returns whether a signal (SIGSTOP, SIGTSTP) has stopped a process. One that a debugger stopped does not count. */
export const isStopped = (pid: number): boolean => statOf(pid)?.[0] === 'T';

/** Returns the running child processes of `pid`. */
export function childrenOf(pid: number): number[] {
  // Each thread has its own list of children. A thread may end before its list is read.
  return listOf(`/proc/${pid}/task`).flatMap((thread) =>
    (textOf(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
}

/** Returns `pid` and all its descendants. */
export function familyOf(pid: number): number[] {
  const family = [pid];
  for (const member of family) family.push(...childrenOf(member));
  return family;
}

/**
 * Returns the processor time in clock ticks that a process and its descendants have used, and whether one of them runs
 * or waits for a processor. Returns null if this is unknown.
 */
export function activityOf(pid: number): { readonly ticks: number; readonly wantsProcessor: boolean } | null {
  const stats = familyOf(pid).map((member) => statOf(member) ?? []);
  if (stats[0]?.length === 0) return null;
  // Fields 14 to 17: the time of the process and of its ended children, in user and system mode.
  const ticks = stats.flatMap((stat) => stat.slice(11, 15)).reduce((sum, field) => sum + Number(field), 0);
  return { ticks, wantsProcessor: stats.some(([state]) => state === 'R') };
}

/** Returns field 22 of /proc/[pid]/stat. */
const startOf = (pid: number): string => statOf(pid)?.[19] ?? '';

export const markOf = (pid: number): ProcessMark => ({ pid, started: startOf(pid) });

/** Returns whether exactly this process still runs. A zombie does not count as running. */
export function isRunning({ pid, started }: ProcessMark): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = statOf(pid);
  return stat === null || (stat[0] !== 'Z' && (started === '' || stat[19] === started));
}

/** Returns all processes in the process group or the login session of `leader`. */
function membersOf(leader: number): number[] {
  const all = listOf('/proc').filter((name) => /^\d+$/.test(name));
  return all.flatMap((pid) => {
    const stat = statOf(pid);
    const isMember = stat !== null && stat[0] !== 'Z' && [stat[2], stat[3]].includes(String(leader));
    return isMember ? [Number(pid)] : [];
  });
}

/** Kills `leader`, which leads a process group and login session of its own, and everything that it started. */
export function killAll(leader: number): void {
  signal(-leader, 'SIGKILL');
  // Repeat, to find processes that were started while the others were killed.
  for (let round = 0; round < 3; round += 1) {
    const remaining = membersOf(leader);
    if (remaining.length === 0) return;
    for (const pid of remaining) signal(pid, 'SIGKILL');
  }
}

/** Sends a signal to a process, or to a group by its negative number. Does nothing if it has ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // The process has ended.
  }
}

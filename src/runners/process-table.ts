import { readdirSync, readFileSync } from 'node:fs';

/** A process by more than its number, which the system gives to another one later. */
export interface ProcessMark {
  readonly pid: number;
  /** Start time in clock ticks since boot; empty where there is no /proc. */
  readonly started: string;
}

/** Fields of /proc/[pid]/stat after the name, which may contain anything: state, parent, group, session, … */
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

/** Whether the system tells of its processes in files; elsewhere nothing can be said about one but whether it is there. */
export const tellsOfProcesses = (): boolean => statOf('self') !== null;

/** Whether it was stopped by a signal (SIGSTOP, SIGTSTP) and not yet continued. A debugger's stop is no such stop. */
export const isStopped = (pid: number): boolean => statOf(pid)?.[0] === 'T';

/** The processes that `pid` has started and that run. */
export function childrenOf(pid: number): number[] {
  // Each thread has children of its own, and it may be gone before it is asked for them.
  return listOf(`/proc/${pid}/task`).flatMap((thread) =>
    (textOf(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
}

/** `pid` and everything that descends from it. */
export function familyOf(pid: number): number[] {
  const family = [pid];
  for (const member of family) family.push(...childrenOf(member));
  return family;
}

/** What a process and its descendants have done so far; null when it cannot be known. */
export function activityOf(pid: number): { readonly ticks: number; readonly wantsProcessor: boolean } | null {
  const stats = familyOf(pid).map((member) => statOf(member) ?? []);
  if (stats[0]?.length === 0) return null;
  // Fields 14 to 17: its own time and that of its children that have ended, in user and system mode.
  const ticks = stats.flatMap((stat) => stat.slice(11, 15)).reduce((sum, field) => sum + Number(field), 0);
  return { ticks, wantsProcessor: stats.some(([state]) => state === 'R') };
}

/** Field 22 of /proc/[pid]/stat. */
const startOf = (pid: number): string => statOf(pid)?.[19] ?? '';

export const markOf = (pid: number): ProcessMark => ({ pid, started: startOf(pid) });

/** Whether this very process still runs; one that has ended and was not asked for yet does not. */
export function isRunning({ pid, started }: ProcessMark): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = statOf(pid);
  return stat === null || (stat[0] !== 'Z' && (started === '' || stat[19] === started));
}

/** Every process that belongs to `leader`: its process group, and groups its children made in its login session. */
function belongingTo(leader: number): number[] {
  const all = listOf('/proc').filter((name) => /^\d+$/.test(name));
  return all.flatMap((pid) => {
    const stat = statOf(pid);
    const belongs = stat !== null && stat[0] !== 'Z' && [stat[2], stat[3]].includes(String(leader));
    return belongs ? [Number(pid)] : [];
  });
}

/** Ends `leader`, which leads a group and a session of its own, with everything it started. */
export function killAll(leader: number): void {
  signal(-leader, 'SIGKILL');
  // A process that is being born while the others are killed is found on the next look.
  for (let look = 0; look < 3; look += 1) {
    const left = belongingTo(leader);
    if (left.length === 0) return;
    for (const pid of left) signal(pid, 'SIGKILL');
  }
}

/** To a process, or to a group by its negative number. One that is gone needs no signal. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

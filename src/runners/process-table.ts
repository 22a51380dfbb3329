import { readdirSync, readFileSync } from 'node:fs';

/** A process by more than its number, which the system gives to another one later. */
export interface ProcessMark {
  readonly pid: number;
  /** Start time in clock ticks since boot; empty where there is no /proc. */
  readonly started: string;
}

/** Fields of /proc/[pid]/stat after the name, which may contain anything: state, parent, group, session, … */
function statOf(pid: number | string): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
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
  let all: string[];
  try {
    all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
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

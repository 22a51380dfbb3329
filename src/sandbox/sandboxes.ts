import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bubblewrapArgs, type Sandbox, type SandboxHost } from './sandbox.js';
import { seccompFilter } from './seccomp.js';
import type { ControlGroup } from './control-groups.js';

/** A command with its whole environment. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A command that starts the same program in a sandbox. */
export interface SandboxedCommand extends Command {
  /**
   * Descriptors that the child needs after stdin, stdout and stderr, in this order: entries 3 and on of `spawn`'s `stdio`.
   * They belong to the caller, who closes them once the child has started.
   */
  readonly descriptors: readonly number[];
}

/**
 * Joins the control groups, then runs the rest of its arguments. A process must be in its groups before it starts another,
 * so the shell that runs this puts itself in them: `0` stands for the process that writes it.
 */
const joinGroups =
  'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 > "$1" || exit 125; shift; n=$((n-1)); done; exec "$@"';

/** Starts programs in sandboxes on this machine. */
export class Sandboxes {
  private readonly filter: string | null;

  /** `data` is a folder of the service's own; the filter of system calls is written there. */
  constructor(
    private readonly host: SandboxHost,
    data: string,
  ) {
    const filter = seccompFilter(process.arch);
    this.filter = filter === null ? null : join(data, 'sandbox', 'seccomp.bpf');
    if (filter !== null && this.filter !== null) writeFileSync(this.filter, filter, { mode: 0o600 });
  }

  /** Returns the command that runs `program` in a sandbox, and in a control group if there is one. */
  command(program: Command, sandbox: Sandbox, group: ControlGroup | null = null): SandboxedCommand {
    const descriptors = this.filter === null ? [] : [openSync(this.filter, 'r')];
    const args = bubblewrapArgs(this.host, sandbox, this.filter === null ? null : 3);
    const inside = [this.host.bwrap, ...args, program.command, ...program.args];
    const doors = group?.doors ?? [];
    const [command = '', ...rest] =
      doors.length === 0
        ? inside
        : ['/bin/sh', '-c', joinGroups, 'sh', String(doors.length), ...doors, ...inside];
    // The folder inside may not exist outside, so bubblewrap changes to it; the outer process needs none.
    return { command, args: rest, cwd: '/', env: program.env, descriptors };
  }
}

/** Closes descriptors that a started child has its own copies of. */
export const closeAll = (descriptors: readonly number[]): void =>
  descriptors.forEach((each) => closeSync(each));

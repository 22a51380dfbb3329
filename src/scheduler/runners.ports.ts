import type { Text } from './long-text.js';
import type { Query } from './query.ports.js';
import type { Backend } from '../kernel/backend/backend.js';
import type { CloseCode } from '../kernel/session/session.js';

/** One attempt at one job, as the process that runs it receives it. */
export interface Task {
  readonly job: string;
  readonly token: string;
  readonly program: string;
  /** The job's session, for runners with a process per session. */
  readonly session: string | null;
  readonly backend: Backend;
  /** The client's params, byte for byte. */
  readonly params: Text;
  readonly logLevel: string;
  /** True if no attempt is left when this one is lost. */
  readonly last: boolean;
}

export type AttemptEnd =
  | {
      readonly type: 'completed';
      readonly result: Text;
      /** Package → version, if the process has reported them. */
      readonly ranWith?: Readonly<Record<string, string>>;
    }
  | {
      readonly type: 'failed';
      readonly reason: string;
      readonly reasonCode: number | null;
      readonly traceback: string | null;
      readonly ranWith?: Readonly<Record<string, string>>;
    }
  /** Stopped on request. The result until then is kept. */
  | { readonly type: 'stopped'; readonly result?: Text }
  /**
   * The process ended without a report. `why` is a clause that everyone may read; `words` are the last lines of the
   * process, only for the operator's log.
   */
  | { readonly type: 'lost'; readonly why: string; readonly words?: string };

export interface RunnerListener {
  attemptEnded(job: string, token: string, answer: AttemptEnd): Promise<void>;
  logged(job: string, token: string, level: string, text: string): Promise<void>;
  /** The attempt is about to run a program that must not run twice. Resolves when that is stored. */
  lastAttempt(job: string, token: string): Promise<void>;
  /** The process of a session has ended. */
  processEnded(end: ProcessEnd): Promise<void>;
  /** Runs a change of a runner's own tables as a command, like every other change. */
  runChange<T>(change: (query: Query) => Promise<T>): Promise<T>;
}

/** How the process of a session ended. */
export interface ProcessEnd {
  readonly session: string;
  /** The attempt that ended with the process; null if none was running. */
  readonly running: { readonly job: string; readonly token: string; readonly reason: string } | null;
  /** The close code and reason of the session, unless it is closed already. */
  readonly code: Extract<CloseCode, `runner_${string}`>;
  readonly reason: string;
  /** The last lines of the process, kept with the job that started it. */
  readonly log: ProcessLog & { readonly job: string };
}

/** The last lines of a process, oldest first. */
export interface ProcessLog {
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

/** The processes that execute jobs. Each call may be repeated for one attempt; the second has no effect. */
export interface Runners {
  listen(listener: RunnerListener): void;
  /** The programs that a driver is known to run; null if there is no such driver. */
  programs(driver: string): readonly string[] | null;
  /** Resolves when the driver's workers have reported their programs or cannot be asked. */
  learnPrograms(driver: string): Promise<void>;
  /** False if the program is known to declare that it must not run twice. */
  isRepeatable(program: string): boolean;
  /** Why the driver cannot run anything now, as one sentence; null if it can. */
  unavailable(driver: string): string | null;
  start(task: Task): void;
  /** Asks an attempt to stop. An attempt without a process is reported as lost. */
  stop(job: string, token: string): void;
  /** Ends the attempt's process. */
  kill(job: string, token: string): void;
  /** The session is closed, so its own process, if it has one, is no longer needed. */
  release(session: string): void;
  /**
   * Processes that outlived an earlier service, by the id of the session, or of the job if there is no session. Read
   * once, before anything runs; their attempts are not lost.
   */
  survivors(): ReadonlySet<string>;
}
export const RUNNERS = Symbol('Runners');

/** What a session's own process reports besides the ends of attempts. */
export interface Interpreters {
  /** Whether the session has a process, including one that is ending. */
  hasProcess(session: string): boolean;
  /** Resolves when the session, or the batch with this job id, has no process (any more). */
  whenEnded(id: string): Promise<void>;
  /** What the process reported when it became ready; null before, and after it has ended. */
  about(session: string): { readonly appId: string | null; readonly uiUrl: string | null } | null;
  /** 0 to 1 for a running job; null if unknown. */
  progress(job: string): number | null;
  /**
   * The last lines of a session's process, or of a batch's by its job id: `lines` of each stream. Null after it has
   * ended.
   */
  log(id: string, lines?: number): Promise<ProcessLog | null>;
  complete(session: string, request: { kind: string; code: string; cursor: number }): Promise<string[]>;
  /** Why this backend cannot run interpreters of this kind, and what to install; null if it can. */
  kindMissing(kind: string, backend: Pick<Backend, 'driver' | 'options'>): string | null;
}
export const INTERPRETERS = Symbol('Interpreters');

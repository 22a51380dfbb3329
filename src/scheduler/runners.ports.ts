import type { Text } from './long-text.js';
import type { Backend } from '../kernel/backend/backend.js';
import type { CloseCode } from '../kernel/session/session.js';

/** One attempt at one job, for the process that will run it. */
export interface Task {
  readonly job: string;
  readonly token: string;
  readonly program: string;
  /** The session it belongs to, for runners that keep a process for each. */
  readonly session: string | null;
  readonly backend: Backend;
  /** The client's params, byte for byte. */
  readonly params: Text;
  readonly logLevel: string;
  /** Should its runner be lost, the job has no attempt left. */
  readonly last: boolean;
}

export type Answer =
  | {
      readonly type: 'completed';
      readonly result: Text;
      /** Package → version, where the process has named them. */
      readonly ranWith?: Readonly<Record<string, string>>;
    }
  | {
      readonly type: 'failed';
      readonly reason: string;
      readonly reasonCode: number | null;
      readonly traceback: string | null;
      readonly ranWith?: Readonly<Record<string, string>>;
    }
  /** Stopped as asked; what it had to say until then is kept. */
  | { readonly type: 'stopped'; readonly result?: Text }
  /**
   * The process is gone without having answered. `why` is a clause that everyone may read; `words` are the last that the
   * process wrote, for the operator's log alone.
   */
  | { readonly type: 'lost'; readonly why: string; readonly words?: string };

export interface RunnerListener {
  answered(job: string, token: string, answer: Answer): Promise<void>;
  logged(job: string, token: string, level: string, text: string): Promise<void>;
  /** The attempt is about to run a program that must not run twice. Resolves when that is stored. */
  lastAttempt(job: string, token: string): Promise<void>;
  /** The process that a session had for itself is gone. */
  ended(end: ProcessEnd): Promise<void>;
}

/** How the process of a session ended. */
export interface ProcessEnd {
  readonly session: string;
  /** The attempt that ended with it. */
  readonly running: { readonly job: string; readonly token: string; readonly reason: string } | null;
  /** Why the session closes, unless it has been closed already. */
  readonly code: Extract<CloseCode, `runner_${string}`>;
  readonly reason: string;
  /** The last lines the process wrote, kept with the job that had started it. */
  readonly log: ProcessLog & { readonly job: string };
}

/** The last lines of a process, oldest first. */
export interface ProcessLog {
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

/** The processes that execute jobs. Calls may come twice for one attempt; the second does nothing. */
export interface Runners {
  listen(listener: RunnerListener): void;
  /** The programs a driver is known to run; null when it has no such driver. */
  programs(driver: string): readonly string[] | null;
  /** Resolves when the driver's workers have said which programs they have, or cannot be asked. */
  learnPrograms(driver: string): Promise<void>;
  /** False for a program that is known to say of itself that it must not run twice. */
  isRepeatable(program: string): boolean;
  /** Why the driver cannot run anything now, in one sentence; null when it can. */
  unavailable(driver: string): string | null;
  start(task: Task): void;
  /** Asks an attempt to stop; one that has no process is answered as lost. */
  stop(job: string, token: string): void;
  /** Ends its process. */
  kill(job: string, token: string): void;
  /** The session is closed: its process, if it has one for itself, is no longer needed. */
  release(session: string): void;
  /**
   * Processes that outlived an earlier service, by the ids of their sessions (of their jobs, where they have none). Asked
   * once, before anything runs; attempts of these are not lost.
   */
  survivors(): ReadonlySet<string>;
}
export const RUNNERS = Symbol('Runners');

/** What a session's own process tells beyond its answers. */
export interface Interpreters {
  /** Whether there is a process, also one that is ending. */
  lives(session: string): boolean;
  /** Resolves when there is none (any more); also of a batch, by its job. */
  gone(id: string): Promise<void>;
  /** What the process said about itself when it was ready; null before, and once it is gone. */
  about(session: string): { readonly appId: string | null; readonly uiUrl: string | null } | null;
  /** 0 to 1 for a running job; null where none is known. */
  progress(job: string): number | null;
  /** What it (or a batch's process, by its job) wrote last, so many lines of each stream; null once it is gone. */
  log(id: string, lines?: number): Promise<ProcessLog | null>;
  complete(session: string, ask: { kind: string; code: string; cursor: number }): Promise<string[]>;
  /** Why this kind of interpreter cannot be had on this backend, and what to install; null when it can. */
  kindMissing(kind: string, backend: Pick<Backend, 'driver' | 'options'>): string | null;
}
export const INTERPRETERS = Symbol('Interpreters');

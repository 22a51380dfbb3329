import { Logger } from '@nestjs/common';
import type { Text } from '../scheduler/long-text.js';
import type { AttemptEnd, ProcessEnd, ProcessLog, RunnerListener, Task } from '../scheduler/ports.js';
import type { DriverProcess } from './driver-process.js';
import type { FromRunner, InterpreterState, OfAttempt, Ready, Result, ToRunner } from './attempt-protocol.js';
import { isJson as isLongJson } from './long-lines.js';
import { lastLines, removeFolder } from './process-folder.js';
import type { Retry } from '../scheduler/retry.js';
import { maxReasonLength, shortened } from './lines.js';
import { statementParams } from './statement-params.js';

type Attempt = Pick<Task, 'job' | 'token'>;

/** Milliseconds. Clients request completions while a user types, so later ones are of no use. */
const completionTimeout = 5000;
/**
 * The number of kills after which the process itself is killed; earlier ones only cancel the statement. The kernel
 * repeats a kill every 10 s, and Livy's clients expect a cancelled statement to end within 30 s.
 */
const maxKills = 3;
/** The number of last lines of stderr in the failure of a statement whose process died. */
const stderrLines = 20;

/** The interpreter of one session: tracks its statement and its requests, and ends both when the process has ended. */
export class Interpreter {
  private readonly logger = new Logger('Runners');
  driver: DriverProcess | null = null;
  /** The attempt that starts the interpreter; null once it is ready. */
  starting: Attempt | null = null;
  about: { readonly appId: string | null; readonly uiUrl: string | null } | null = null;
  /** Whether the session is closed and the process is ending. */
  isLeaving = false;
  private running:
    | (Attempt & { readonly task: Task; readonly statement: number; cancelled: boolean; kills: number })
    | null = null;
  /** The attempts that the process received on an earlier connection, so they are not sent again. */
  private known: readonly OfAttempt[] = [];
  private progress = 0;
  private state: InterpreterState['state'] = 'starting';
  private failure: string | null = null;
  /** Open requests for completions, by request number. */
  private readonly completions = new Map<number, (candidates: string[]) => void>();
  private requests = 0;
  private resolveGone: () => void = () => undefined;
  /** Resolves when the process has ended, its end is stored and its folder is removed. */
  readonly gone = new Promise<void>((resolve) => (this.resolveGone = resolve));

  constructor(
    readonly session: string,
    /** The job that started the interpreter. */
    readonly job: string,
    readonly backend: string,
    readonly folder: string,
    private readonly listener: () => RunnerListener,
    private readonly retry: Retry,
  ) {}

  /** Returns whether this interpreter works on the attempt. */
  has(job: string, token: string): boolean {
    return [this.starting, this.running].some((attempt) => attempt?.job === job && attempt.token === token);
  }

  progressOf = (job: string): number | null => (this.running?.job === job ? this.progress : null);

  /** Assigns the attempt that starts the interpreter. Completes the attempt if an adopted process is already ready. */
  begin(attempt: Attempt): void {
    this.starting = attempt;
    if (this.about !== null && this.state !== 'starting') this.started();
  }

  run(task: Task): void {
    const { job, token, params } = task;
    const { statement } = statementParams(params);
    this.running = { job, token, task, statement, cancelled: false, kills: 0 };
    this.progress = 0;
    this.sendRunning();
  }

  cancel(): void {
    if (this.starting !== null) return this.leave();
    if (this.running === null) return;
    this.running.cancelled = true;
    this.send({ type: 'cancel', job: this.running.job, token: this.running.token });
  }

  /** Only cancels the statement at first, because killing the process would lose all variables of the session. */
  kill(): void {
    if (this.running === null) return this.leave();
    this.running.kills += 1;
    if (this.running.kills < maxKills) this.cancel();
    else this.driver?.kill('its statement could not be interrupted');
  }

  /** Ends the process because its session is closed. */
  leave(): void {
    this.isLeaving = true;
    // A busy interpreter does not read messages, and its result is no longer needed, so kill it.
    if (this.running !== null || this.state === 'starting') this.driver?.kill();
    else this.driver?.end();
  }

  complete(position: { kind: string; code: string; cursor: number }): Promise<string[]> {
    const request = (this.requests += 1);
    if (!this.send({ type: 'suggest', request, ...position })) return Promise.resolve([]);
    return new Promise((resolve) => {
      const timeout = setTimeout(() => this.resolveCompletion(request, []), completionTimeout).unref();
      this.completions.set(request, (candidates) => {
        clearTimeout(timeout);
        resolve(candidates);
      });
    });
  }

  onMessage(message: Exclude<FromRunner, Ready>): void {
    switch (message.type) {
      case 'resume':
        this.known = [...message.running, ...message.ended];
        return;
      case 'interpreter':
        return this.onState(message);
      case 'started':
      case 'heartbeat':
        return;
      case 'progress':
        if (message.job === this.running?.job) this.progress = shareOf(message);
        return;
      case 'log':
        this.listener()
          .logged(message.job, message.token, message.level, message.text)
          .catch((error: unknown) =>
            this.logger.warn(`A log line of job ${message.job} was not stored: ${String(error)}`),
          );
        return;
      case 'suggestions':
        return this.resolveCompletion(message.request, message.words.map(String));
      case 'failed':
        this.failure = message.message;
        return;
      case 'result':
        return this.onResult(message);
    }
  }

  private onState(message: InterpreterState): void {
    this.state = message.state;
    if (message.state === 'starting') return;
    const { app_id: appId, ui_url: uiUrl } = message;
    this.about = { appId: appId ?? this.about?.appId ?? null, uiUrl: uiUrl ?? this.about?.uiUrl ?? null };
    if (this.starting !== null) this.started();
    // The start may have been lost with the last connection. An attempt that the process knows is not sent again.
    this.sendRunning();
  }

  private onResult(message: Result): void {
    const { job, token, outcome, result } = message;
    if (outcome === 'failed') {
      const { message: reason, reason_code: reasonCode, traceback } = message;
      return this.finish({ job, token }, { type: 'failed', reason: reason ?? '', reasonCode, traceback });
    }
    const end = (text: Text | null) => {
      const answer: AttemptEnd =
        outcome === 'cancelled'
          ? { type: 'stopped', ...(text !== null && { result: text }) }
          : { type: 'completed', result: text ?? 'null' };
      this.finish({ job, token }, answer);
    };
    if (result === null || typeof result === 'string') return end(this.readable(result));
    void isLongJson(result).then((is) => end(is ? result : this.readable('no JSON')));
  }

  /**
   * Replaces output that is not JSON. Output is copied into answers, and user code could otherwise break or forge
   * these.
   */
  private readable(output: string | null): string | null {
    if (output === null || isJson(output)) return output;
    return this.failedOutput('UnreadableOutput', 'The output is no JSON.');
  }

  private failedOutput(ename: string, evalue: string): string {
    const statement = this.running?.statement ?? 0;
    return JSON.stringify({ status: 'error', execution_count: statement, ename, evalue, traceback: [] });
  }

  /** Ends the statement because a message is too long; only an output can be that long. */
  onTooLong(longest: number): void {
    if (this.running === null) return;
    const evalue = `The output has more than ${longest / 1e6} MB: print or return less.`;
    this.finish(this.running, { type: 'completed', result: this.failedOutput('OutputTooLong', evalue) });
  }

  /** Handles the end of the process: completes all open requests, reports the end, and then deletes the folder. */
  async onGone(how: string): Promise<void> {
    const log = await lastLines(this.folder);
    for (const request of [...this.completions.keys()]) this.resolveCompletion(request, []);
    await this.retry.untilStored(`The end of session ${this.session}`, () =>
      this.listener().processEnded(this.endOf(how, log)),
    );
    await removeFolder(this.folder);
    this.resolveGone();
  }

  private endOf(how: string, log: ProcessLog): ProcessEnd {
    const nonBlank = log.stderr.filter((line) => line.trim() !== '');
    const tailLines = nonBlank.slice(-stderrLines);
    // The last line may be hours old, so do not present it as the reason.
    const last = shortened(tailLines.at(-1)?.trim() ?? '', maxReasonLength);
    const why = this.failure ?? (last === '' ? how : `${how}; the last that it wrote: ${last}`);
    const code =
      this.starting !== null ? 'runner_not_started' : this.running !== null ? 'runner_lost' : 'runner_ended';
    const reason =
      this.starting !== null
        ? why
        : this.isLeaving
          ? 'its session was closed while it ran'
          : `Interpreter died:\n${[...tailLines, how].join('\n')}`;
    const attempt = this.starting ?? this.running;
    const running = attempt === null ? null : { job: attempt.job, token: attempt.token, reason };
    const ended = { code, reason: `${endings[code]}: ${why}` } as const;
    return { session: this.session, running, ...ended, log: { ...log, job: this.job } };
  }

  private started(): void {
    const { starting } = this;
    this.starting = null;
    if (starting !== null)
      void this.answer(starting, { type: 'completed', result: JSON.stringify(this.about) });
  }

  private finish(attempt: Attempt, answer: AttemptEnd): void {
    const { job, token } = attempt;
    if (this.running?.job === job && this.running.token === token) this.running = null;
    this.state = 'idle';
    void this.answer(attempt, answer).then(() => this.send({ type: 'acknowledge', job, token }));
  }

  private answer({ job, token }: Attempt, answer: AttemptEnd): Promise<void> {
    return this.retry.untilStored(`The end of job ${job}`, () =>
      this.listener().attemptEnded(job, token, answer),
    );
  }

  private sendRunning(): void {
    if (this.running === null || this.state === 'starting') return;
    const { job, token, task, cancelled } = this.running;
    const { program, params, logLevel: log_level } = task;
    const backend = { name: task.backend.name, options: {} };
    this.state = 'busy';
    if (!this.known.some((each) => each.job === job && each.token === token))
      this.send({ type: 'start', job, token, program, backend, params, log_level });
    if (cancelled) this.send({ type: 'cancel', job, token });
  }

  private resolveCompletion(request: number, candidates: string[]): void {
    this.completions.get(request)?.(candidates);
    this.completions.delete(request);
  }

  private send(message: ToRunner): boolean {
    return this.driver?.send(message) ?? false;
  }
}

/** Returns the completed share from 0 to 1, rounded to four digits; 0 if the total is unknown. */
const shareOf = ({ done, total }: { readonly done: number; readonly total: number }): number =>
  total > 0 ? Math.round(1e4 * Math.min(1, Math.max(0, done / total))) / 1e4 : 0;

/** The start of the reason with which the session closes, by code. */
const endings = {
  runner_lost: 'its interpreter died',
  runner_ended: 'its interpreter ended',
  runner_not_started: 'its interpreter could not be started',
} as const satisfies Record<ProcessEnd['code'], string>;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

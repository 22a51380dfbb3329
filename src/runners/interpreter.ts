import { codeIn, type Text } from '../scheduler/long-text.js';
import type { Answer, ProcessEnd, ProcessLog, RunnerListener, Task } from '../scheduler/ports.js';
import type { DriverProcess } from './driver-process.js';
import type { DriverReady, FromDriver, ToDriver } from './driver-protocol.js';
import { isJson as isLongJson } from './long-lines.js';
import { lastLines, removeFolder } from './process-folder.js';
import type { Teller } from '../scheduler/teller.js';
import { longestReason, shortened } from './lines.js';

type Attempt = Pick<Task, 'job' | 'token'>;
export interface StatementParams {
  readonly statement: number;
  readonly kind: string;
  /** A long one as the string in JSON that it came as. */
  readonly code: Text;
}

/** Reads what a statement's job was stored with: `{"statement", "kind", "code"}`, of a long one in this order. */
export function statementParams(params: Text): StatementParams {
  if (typeof params === 'string') return JSON.parse(params) as StatementParams;
  const { statement, kind } = JSON.parse(`${params.head}""}`) as StatementParams;
  return { statement, kind, code: codeIn(params) };
}

/** Clients ask for candidates while somebody types: one that comes later is of no use. */
const candidatesWithin = 5000;
/**
 * How often a statement's end is asked for before the whole process is ended: the kernel asks every 10 s, and Livy's
 * clients are used to a cancelled statement being over after 30 s at the latest.
 */
const patienceInKills = 3;
/** Of what a process wrote to stderr before it died, for those who wait for its statement. */
const lastWords = 20;

/** One session's interpreter: what runs in it, what it is asked, and what becomes of both when it is gone. */
export class Interpreter {
  driver: DriverProcess | null = null;
  /** The attempt that starts it, until it is ready. */
  starting: Attempt | null = null;
  about: { readonly appId: string | null; readonly uiUrl: string | null } | null = null;
  /** Its session is closed: it is on its way out. */
  isLeaving = false;
  private running:
    (Attempt & { readonly params: StatementParams; cancelled: boolean; kills: number }) | null = null;
  private progress = 0;
  private state: DriverReady['state'] = 'starting';
  private failure: string | null = null;
  private readonly asked = new Map<number, (candidates: string[]) => void>();
  private requests = 0;
  private tellGone: () => void = () => undefined;
  /** Resolves when the process is gone, its session closed and its folder removed. */
  readonly gone = new Promise<void>((resolve) => (this.tellGone = resolve));

  constructor(
    readonly session: string,
    /** The job that started it. */
    readonly job: string,
    readonly backend: string,
    readonly folder: string,
    private readonly listener: () => RunnerListener,
    private readonly teller: Teller,
  ) {}

  /** Whether this attempt is its business. */
  has(job: string, token: string): boolean {
    return [this.starting, this.running].some((attempt) => attempt?.job === job && attempt.token === token);
  }

  progressOf = (job: string): number | null => (this.running?.job === job ? this.progress : null);

  /** Begins with starting it, or goes on: an adopted one may be ready already. */
  begin(attempt: Attempt): void {
    this.starting = attempt;
    if (this.about !== null && this.state !== 'starting') this.started();
  }

  run(attempt: Attempt, params: StatementParams): void {
    this.running = { job: attempt.job, token: attempt.token, params, cancelled: false, kills: 0 };
    this.progress = 0;
    this.sendRunning();
  }

  cancel(): void {
    if (this.starting !== null) return this.leave();
    if (this.running === null) return;
    this.running.cancelled = true;
    this.send({ type: 'cancel', job: this.running.job, attempt: this.running.token });
  }

  /** What is asked to stop gets some more time than the kernel gives: its end would be the end of all variables. */
  kill(): void {
    if (this.running === null) return this.leave();
    this.running.kills += 1;
    if (this.running.kills < patienceInKills) this.cancel();
    else this.driver?.kill('its statement could not be interrupted');
  }

  /** The session is closed. */
  leave(): void {
    this.isLeaving = true;
    // What is being computed is of no use to anyone any more, and an interpreter that is busy does not listen.
    if (this.running !== null || this.state === 'starting') this.driver?.kill();
    else this.driver?.end();
  }

  complete(ask: { kind: string; code: string; cursor: number }): Promise<string[]> {
    const request = (this.requests += 1);
    if (!this.send({ type: 'complete', request, ...ask })) return Promise.resolve([]);
    return new Promise((resolve) => {
      const late = setTimeout(() => this.candidates(request, []), candidatesWithin).unref();
      this.asked.set(request, (candidates) => {
        clearTimeout(late);
        resolve(candidates);
      });
    });
  }

  onReady(message: DriverReady): void {
    this.state = message.state;
    if (message.state === 'starting') return;
    const { app_id: appId, ui_url: uiUrl } = message;
    this.about = { appId: appId ?? this.about?.appId ?? null, uiUrl: uiUrl ?? this.about?.uiUrl ?? null };
    if (this.starting !== null) this.started();
    // It may not have heard of it before the connection broke. What it knows it does not do twice.
    this.sendRunning();
  }

  onMessage(message: Exclude<FromDriver, DriverReady>): void {
    switch (message.type) {
      case 'started':
        return;
      case 'progress':
        if (message.job === this.running?.job) this.progress = Math.min(1, Math.max(0, message.value));
        return;
      case 'candidates':
        return this.candidates(message.request, message.candidates.map(String));
      case 'failed':
        this.failure = message.message;
        return;
      case 'result': {
        const { job, attempt: token, cancelled } = message;
        const end = (output: Text | null) => {
          const answer: Answer = cancelled
            ? { type: 'stopped', ...(output !== null && { result: output }) }
            : { type: 'completed', result: output ?? 'null' };
          this.finish({ job, token }, answer);
        };
        const { output } = message;
        if (output === null || typeof output === 'string') return end(this.readable(output));
        void isLongJson(output).then((is) => end(is ? output : this.readable('no JSON')));
        return;
      }
    }
  }

  /** Goes into answers as it is, and the process runs its user's code: what is no JSON would break or forge them. */
  private readable(output: string | null): string | null {
    if (output === null || isJson(output)) return output;
    return this.failedOutput('UnreadableOutput', 'The output is no JSON.');
  }

  private failedOutput(ename: string, evalue: string): string {
    const { statement = 0 } = this.running?.params ?? {};
    return JSON.stringify({ status: 'error', execution_count: statement, ename, evalue, traceback: [] });
  }

  /** It begins to write what nobody can keep: only an output is ever that long. */
  onTooLong(longest: number): void {
    if (this.running === null) return;
    const evalue = `The output has more than ${longest / 1e6} MB: print or return less.`;
    this.finish(this.running, { type: 'completed', result: this.failedOutput('OutputTooLong', evalue) });
  }

  /** The process is gone. Whoever waits for it is told at once; its folder goes afterwards. */
  async onGone(how: string): Promise<void> {
    const log = await lastLines(this.folder);
    for (const request of [...this.asked.keys()]) this.candidates(request, []);
    await this.teller.tell(`The end of session ${this.session}`, () =>
      this.listener().ended(this.endOf(how, log)),
    );
    await removeFolder(this.folder);
    this.tellGone();
  }

  private endOf(how: string, log: ProcessLog): ProcessEnd {
    const written = log.stderr.filter((line) => line.trim() !== '');
    const said = written.slice(-lastWords);
    const why =
      this.failure ??
      (said.at(-1) === undefined ? how : `${how}: ${shortened(said.at(-1)?.trim() ?? '', longestReason)}`);
    const code =
      this.starting !== null ? 'runner_not_started' : this.running !== null ? 'runner_lost' : 'runner_ended';
    const reason =
      this.starting !== null
        ? why
        : this.isLeaving
          ? 'its session was closed while it ran'
          : `Interpreter died:\n${[...said, how].join('\n')}`;
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

  private finish(attempt: Attempt, answer: Answer): void {
    const { job, token } = attempt;
    if (this.running?.job === job && this.running.token === token) this.running = null;
    this.state = 'idle';
    void this.answer(attempt, answer).then(() => this.send({ type: 'ack', job, attempt: token }));
  }

  private answer({ job, token }: Attempt, answer: Answer): Promise<void> {
    return this.teller.tell(`The answer for job ${job}`, () => this.listener().answered(job, token, answer));
  }

  private sendRunning(): void {
    if (this.running === null || this.state === 'starting') return;
    const { job, token: attempt, params, cancelled } = this.running;
    const { statement, kind, code } = params;
    this.state = 'busy';
    this.send({ type: 'run', job, attempt, statement, kind, code });
    if (cancelled) this.send({ type: 'cancel', job, attempt });
  }

  private candidates(request: number, candidates: string[]): void {
    this.asked.get(request)?.(candidates);
    this.asked.delete(request);
  }

  private send(message: ToDriver): boolean {
    return this.driver?.send(message) ?? false;
  }
}

/** How the reason begins with which the session closes. */
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

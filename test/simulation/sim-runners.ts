import { shortOf } from '../../src/scheduler/long-text.js';
import type { Millis } from '../../src/kernel/time.js';
import type { AttemptEnd, Clock, RunnerListener, Runners, Task } from '../../src/scheduler/ports.js';
import type { Lifeline } from './connection.js';
import type { Attempt } from './steps.js';

interface Planned {
  readonly at: Millis;
  readonly order: number;
  readonly job: string;
  readonly token: string;
  readonly send: (listener: RunnerListener) => Promise<void>;
}

const stopTakes: Millis = 50;
const lateBy: Millis = 4000;
/** After this time a report that could not be stored is repeated, as the pool does. */
const retryAfter: Millis = 100;
const wellBehaved: Attempt = { does: 'complete', after: 1000, twice: false, late: false, logs: 0 };

/**
 * Runner processes on the virtual clock. A job's params set the behaviour of each attempt: it completes, fails, dies,
 * hangs until it is stopped or killed, reports its end twice, or reports it after it was lost.
 */
export class SimRunners implements Runners {
  private planned: Planned[] = [];
  private readonly alive = new Map<string, { readonly job: string; readonly behaviour: Attempt }>();
  private listener: RunnerListener | null = null;
  private order = 0;

  constructor(
    private readonly clock: Clock,
    private readonly lifeline: Lifeline,
    /** Started attempts by job; survives a restart of the service. */
    private readonly begun: Map<string, number>,
  ) {}

  listen(listener: RunnerListener): void {
    this.listener = listener;
  }

  programs = (driver: string) => (driver === 'aer' ? ['sampler'] : null);
  unavailable = () => null;
  release = () => undefined;
  survivors = () => new Set<string>();
  learnPrograms = (): Promise<void> => Promise.resolve();
  isRepeatable = () => true;

  start({ job, token, params }: Task): void {
    this.lifeline.pass('runner');
    if (this.alive.has(token)) return;
    const attempt = this.begun.get(job) ?? 0;
    this.begun.set(job, attempt + 1);
    const { attempts } = JSON.parse(shortOf(params)) as { attempts: readonly Attempt[] };
    const behaviour = attempts[attempt] ?? wellBehaved;
    this.alive.set(token, { job, behaviour });
    const { does, after, twice, logs } = behaviour;
    for (let i = 0; i < logs; i += 1) {
      this.plan(after, job, token, (listener) => listener.logged(job, token, 'info', `line ${i}`));
    }
    if (does === 'hang' || does === 'deaf') return;
    for (let i = 0; i < (twice ? 2 : 1); i += 1) this.answer(after, job, token, answerOf(does, token));
    if (does === 'die' && behaviour.late)
      this.answer(after + lateBy, job, token, { type: 'completed', result: `"late ${token}"` });
  }

  stop(job: string, token: string): void {
    this.lifeline.pass('runner');
    const process = this.alive.get(token);
    if (process === undefined) this.answer(0, job, token, { type: 'lost', why: 'no process works on it' });
    else if (process.behaviour.does !== 'deaf') this.answer(stopTakes, job, token, { type: 'stopped' });
  }

  kill(job: string, token: string): void {
    this.lifeline.pass('runner');
    this.answer(0, job, token, { type: 'lost', why: 'it was killed' });
  }

  get nextAt(): Millis {
    return this.planned[0]?.at ?? Infinity;
  }

  /** Returns whether an attempt has a process or a pending report. */
  knows(token: string): boolean {
    return this.alive.has(token) || this.planned.some((each) => each.token === token);
  }

  /** Sends all due messages at once, as processes do. */
  async deliver(now: Millis): Promise<void> {
    const due = this.planned.filter(({ at }) => at <= now);
    this.planned = this.planned.filter(({ at }) => at > now);
    const { listener } = this;
    if (listener === null) return;
    await Promise.all(
      due.map((planned) =>
        planned.send(listener).catch(() => {
          if (!this.lifeline.dead) this.plan(retryAfter, planned.job, planned.token, planned.send);
        }),
      ),
    );
  }

  /** Returns the reports that processes may still send after the service has ended. */
  leftBehind(): readonly Planned[] {
    return this.planned.filter(({ token }) => this.alive.get(token)?.behaviour.late === true);
  }

  adopt(planned: readonly Planned[]): void {
    this.planned = [...planned];
    this.order = planned.length;
  }

  private answer(after: Millis, job: string, token: string, answer: AttemptEnd): void {
    this.plan(after, job, token, async (listener) => {
      await listener.attemptEnded(job, token, answer);
      this.alive.delete(token);
    });
  }

  private plan(after: Millis, job: string, token: string, send: Planned['send']): void {
    this.order += 1;
    this.planned.push({ at: this.clock.now() + after, order: this.order, job, token, send });
    this.planned.sort((a, b) => a.at - b.at || a.order - b.order);
  }
}

function answerOf(does: Attempt['does'], token: string): AttemptEnd {
  if (does === 'complete') return { type: 'completed', result: JSON.stringify({ by: token }) };
  if (does === 'die') return { type: 'lost', why: 'it died' };
  return { type: 'failed', reason: 'the program failed', reasonCode: 1500, traceback: 'Traceback' };
}

import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { lookedIn, mayEnd, maySee, nameOf, type Actor } from '../kernel/access/access.js';
import { checkJobLimit } from '../kernel/job/job.decide.js';
import { defaultMaxAttempts, isFinal, reasonCodes, type Job } from '../kernel/job/job.js';
import { Refusal } from '../kernel/refusal.js';
import { checkAccepts } from '../kernel/session/session.decide.js';
import type { Session } from '../kernel/session/session.js';
import type { Millis } from '../kernel/time.js';
import { refuseIfUsedUp } from './budget.js';
import { BackendsService } from './backends.service.js';
import { placeInQueue, type Place } from '../kernel/choice/waiting.js';
import { Commands, SETTINGS, type SchedulerSettings } from './commands.service.js';
import { CLOCK, RUNNERS, STORE } from './ports.js';
import type {
  Answer,
  Clock,
  JobDetails,
  JobFilter,
  JobRecord,
  Page,
  ProcessEnd,
  RunnerListener,
  Runners,
  Store,
  Tx,
} from './ports.js';
import { ReceiptsService, type SubmitKey } from './receipts.service.js';
import { lengthened, wholeOf, type Text } from './long-text.js';
import { readLongScript, readScript } from './script.js';
import { TextsService } from './texts.service.js';
import type { Unit } from './unit.js';

export interface AskedJob {
  readonly program: string;
  /** Undefined: the session's, or the default backend. */
  readonly backend: string | undefined;
  readonly session: string | undefined;
  readonly maxExecutionTime: Millis | undefined;
  /** JSON text, kept byte for byte. A long one has been stored. */
  readonly params: Text;
  readonly details: JobDetails;
}

/** What a scripted job is to do, where its params were too long to be read in the transaction. */
interface ReadAhead {
  readonly scripted: Awaited<ReturnType<typeof readLongScript>> | null;
}

/** Submitting, cancelling and reading jobs, and what their runners say about them. */
@Injectable()
export class JobsService implements OnModuleInit, RunnerListener {
  private readonly logger = new Logger(JobsService.name);

  constructor(
    private readonly commands: Commands,
    private readonly backends: BackendsService,
    private readonly receipts: ReceiptsService,
    private readonly texts: TextsService,
    @Inject(STORE) private readonly store: Store,
    @Inject(RUNNERS) private readonly runners: Runners,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: SchedulerSettings,
  ) {}

  onModuleInit(): void {
    this.runners.listen(this);
  }

  /** Stores a job and answers it; the same `submit` again answers the same job. */
  async submit(actor: Actor, asked: AskedJob, submit?: SubmitKey): Promise<Job> {
    const params = lengthened(asked.params);
    const earlier = async ({ tx }: Unit, known: string | null) =>
      known === null ? null : tx.jobs.find(known);
    const store = (stored: Text, ahead?: ReadAhead) =>
      this.commands.run(async (unit) => {
        const known = submit === undefined ? null : await this.receipts.earlier(unit, submit);
        const found = await earlier(unit, known);
        if (found !== null) return found;
        const job = await this.submitIn(unit, actor, { ...asked, params: stored }, ahead);
        if (submit !== undefined) await this.receipts.keep(unit, submit, job.id);
        return job;
      }, nameOf(actor));
    if (typeof params === 'string') return store(params);
    // Before many megabytes are stored for nothing.
    const checked = await this.commands.run(async (unit) => {
      const known = submit === undefined ? null : await this.receipts.earlier(unit, submit);
      return (await earlier(unit, known)) ?? (await this.check(unit, actor, asked));
    }, nameOf(actor));
    if ('id' in checked) return checked;
    const scripted = checked.backend.driver === 'scripted' ? await readLongScript(params) : null;
    return this.texts.keep(params, (stored) =>
      scripted === null
        ? store(stored)
        : this.texts.keep(scripted.result, (result) => store(stored, { scripted: { ...scripted, result } })),
    );
  }

  /** As {@link submit}, inside a transaction that does more. Long params must have been stored. */
  async submitIn(unit: Unit, actor: Actor, asked: AskedJob, ahead?: ReadAhead): Promise<Job> {
    const { session, backend, owner } = await this.check(unit, actor, asked);
    const scripted =
      ahead !== undefined
        ? ahead.scripted
        : backend.driver === 'scripted'
          ? readScript(await wholeOf(asked.params))
          : null;
    const job = await unit.insertJob(
      {
        id: unit.ids.uuid(),
        backend: backend.name,
        instance: session?.instance ?? actor.instance.id,
        user: actor.user,
        session: session?.id ?? null,
        mode: session?.mode ?? 'job',
        program: asked.program,
        state: 'queued',
        reason: null,
        reasonCode: null,
        createdAt: unit.at,
        startedAt: null,
        endedAt: null,
        maxExecutionTime: checkJobLimit(
          asked.maxExecutionTime,
          backend.limits.maxExecutionTime,
          owner?.plan.maxExecutionTime,
          session?.limits.maxTtl,
        ),
        script: scripted?.script ?? null,
        attempts: 0,
        maxAttempts: this.runners.isRepeatable(asked.program) ? defaultMaxAttempts : 1,
        token: null,
        slot: null,
        stop: null,
        used: 0,
      },
      asked.details,
      asked.params,
    );
    // Kept now and shown once the job is completed: a scripted job ends without anyone there to bring a result.
    if (scripted !== null) await unit.tx.jobs.saveResult(job.id, scripted.result);
    return job;
  }

  /** Throws what speaks against such a job, whatever its params are. */
  async check(unit: Unit, actor: Actor, asked: Omit<AskedJob, 'params'>) {
    const session = asked.session === undefined ? null : await this.session(unit.tx, actor, asked.session);
    if (session !== null) checkAccepts(session);
    const backend = await this.backends.named(unit.tx, asked.backend ?? session?.backend);
    if (session !== null && session.backend !== backend.name) {
      throw new Refusal(
        'session_elsewhere',
        `Session ${session.id} is on backend ${session.backend}, not on ${backend.name}.`,
        `Submit to ${session.backend}, or leave the session out.`,
      );
    }
    const programs = this.backends.programs(backend.driver) ?? [];
    if (!programs.includes(asked.program)) {
      throw new Refusal(
        'unknown_program',
        `Backend ${backend.name} has no program called ${asked.program}.`,
        `It runs: ${programs.join(', ')}.`,
      );
    }
    const owner = await unit.tx.instances.find(session?.instance ?? actor.instance.id);
    await refuseIfUsedUp(unit, owner, this.settings.window);
    return { session, backend, owner };
  }

  async get(actor: Actor, id: string): Promise<JobRecord> {
    return visible(actor, id, await this.store.read.job(id));
  }

  /** Where a queued job stands and what it waits for; null for any other. */
  async place(job: Job): Promise<Place | null> {
    if (job.state !== 'queued') return null;
    const view = await this.store.read.waiting(job, this.clock.now(), this.settings.window);
    return view === null ? null : placeInQueue(view);
  }

  list(filter: JobFilter): Promise<Page<JobRecord>> {
    return this.store.read.jobs(filter);
  }

  async params(id: string): Promise<Text> {
    return (await this.store.read.params(id)) ?? '{}';
  }

  /** The result text of a completed job, the traceback of a failed one. A private job's result can be read once. */
  async result(actor: Actor, id: string): Promise<Text | null> {
    const job = await this.get(actor, id);
    const isTraceback = job.state === 'failed' && job.script === null;
    if (job.state !== 'completed' && !isTraceback) return null;
    if (!job.details.private || isTraceback) return this.store.read.result(id);
    // Of two who ask at once, one gets it.
    return this.commands.run(async (unit) => this.texts.once(await unit.tx.jobs.takeResult(id)));
  }

  async logs(actor: Actor, id: string): Promise<{ at: Millis; level: string; text: string }[]> {
    await this.get(actor, id);
    return this.store.read.logs(id);
  }

  /** A queued job ends at once, a running one when its runner is gone. */
  cancel(actor: Actor, id: string): Promise<Job> {
    return this.commands.run(async (unit) => {
      const job = await this.ownJob(unit.tx, actor, id, 'cancel');
      return unit.stopJob(job, { at: unit.at, reason: `cancelled by ${nameOf(actor)}`, reasonCode: null });
    }, nameOf(actor));
  }

  /** Forgets a job that has ended; what it was charged stays in the ledger. */
  remove(actor: Actor, id: string): Promise<void> {
    return this.commands.run(async (unit) => {
      const job = await this.ownJob(unit.tx, actor, id, 'remove');
      if (!isFinal(job.state)) {
        throw new Refusal(
          'job_not_final',
          `Job ${id} is still ${job.state}.`,
          'Cancel it first, or wait for its end.',
        );
      }
      await unit.tx.jobs.remove(id);
    });
  }

  setTags(actor: Actor, id: string, tags: readonly string[]): Promise<void> {
    return this.commands.run(async (unit) => {
      await this.job(unit.tx, actor, id);
      await unit.tx.jobs.saveTags(id, tags);
    });
  }

  /** A runner's answer. The one of an attempt that was lost meanwhile carries an old token and changes nothing. */
  async answered(id: string, token: string, answer: Answer): Promise<void> {
    const { type } = answer;
    if ((type !== 'completed' && type !== 'stopped') || answer.result === undefined)
      return this.end(id, token, answer);
    return this.texts.keep(answer.result, (result) => this.end(id, token, { type, result }));
  }

  private async end(id: string, token: string, answer: Answer): Promise<void> {
    await this.commands.run(async (unit) => {
      const job = await unit.tx.jobs.find(id);
      if (job === null || job.token !== token) {
        this.logger.warn({ job: id, answer: answer.type }, 'A late answer of a lost attempt was ignored');
        return;
      }
      if (answer.type === 'lost') {
        this.logger.warn({ job: id, attempt: job.attempts, why: answer.why }, 'A runner was lost');
        await unit.loseJob(job, unit.at);
        return;
      }
      // Stored before the job is shown as ended.
      if (answer.type === 'completed' || answer.type === 'stopped') {
        if (answer.result !== undefined) await unit.tx.jobs.saveResult(id, answer.result);
      }
      if (answer.type === 'failed' && answer.traceback !== null) {
        await unit.tx.jobs.appendLog(id, unit.at, 'error', answer.traceback);
        await unit.tx.jobs.saveResult(id, answer.traceback);
      }
      await unit.endJob(job, answer, unit.at);
    }, 'runner');
  }

  async logged(id: string, token: string, level: string, text: string): Promise<void> {
    await this.commands.run(async (unit) => {
      const job = await unit.tx.jobs.find(id);
      if (job?.token === token) await unit.tx.jobs.appendLog(id, unit.at, level, text);
    });
  }

  /** A session's own process is gone: what ran on it has failed, and the session is over. */
  async ended({ session: id, running, reason, log }: ProcessEnd): Promise<void> {
    await this.commands.run(async (unit) => {
      for (const level of ['stdout', 'stderr'] as const) {
        if (log[level].length > 0)
          await unit.tx.jobs.appendLog(log.job, unit.at, level, log[level].join('\n'));
      }
      const job = running === null ? null : await unit.tx.jobs.find(running.job);
      if (job !== null && running !== null && job.token === running.token) {
        const how = { type: 'failed', reason: running.reason, reasonCode: reasonCodes.runnerLost } as const;
        await unit.endJob(job, how, unit.at);
      }
      const session = await unit.tx.sessions.find(id);
      if (session !== null && session.state !== 'closed')
        await unit.changeSession(session, { type: 'close', at: unit.at, reason });
    }, 'runner');
  }

  async lastAttempt(id: string, token: string): Promise<void> {
    await this.commands.run(async (unit) => {
      const job = await unit.tx.jobs.find(id);
      if (job?.token === token) await unit.allowNoAttemptAfter(job);
    }, 'runner');
  }

  private async session(tx: Tx, actor: Actor, id: string): Promise<Session> {
    const session = await tx.sessions.find(id);
    if (session !== null && maySee(actor, session)) return session;
    throw new Refusal(
      'unknown_session',
      `There is no session ${id}${lookedIn(actor)}.`,
      'Open one with POST /sessions.',
    );
  }

  private async ownJob(tx: Tx, actor: Actor, id: string, what: 'cancel' | 'remove'): Promise<Job> {
    const job = await this.job(tx, actor, id);
    if (mayEnd(actor, job)) return job;
    throw new Refusal('forbidden', `Job ${id} is for ${job.user} or an admin to ${what}.`);
  }

  private async job(tx: Tx, actor: Actor, id: string): Promise<Job> {
    return visible(actor, id, await tx.jobs.find(id));
  }
}

/** Another instance's job is as unknown as one that never was. */
function visible<J extends Job>(actor: Actor, id: string, job: J | null): J {
  if (job !== null && maySee(actor, job)) return job;
  throw new Refusal('unknown_job', `There is no job ${id}${lookedIn(actor)}.`);
}

import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { lookedIn, mayEnd, maySee, nameOf, type Actor } from '../kernel/access/access.js';
import { checkJobLimit, checkPending } from '../kernel/job/job.decide.js';
import { defaultMaxAttempts, isFinal, reasonCodes, type Job } from '../kernel/job/job.js';
import type { Backend } from '../kernel/backend/backend.js';
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
import { SharingService } from './sharing.service.js';
import { ReceiptsService, type SubmitKey } from './receipts.service.js';
import { readScript } from './script.js';
import type { Unit } from './unit.js';

export interface AskedJob {
  readonly program: string;
  /** Undefined: the session's, or the default backend. */
  readonly backend: string | undefined;
  readonly session: string | undefined;
  readonly maxExecutionTime: Millis | undefined;
  /** JSON text, kept byte for byte. */
  readonly params: string;
  readonly details: JobDetails;
  /** Sentences for the job's log about what was asked for and has no effect. */
  readonly warnings?: readonly string[];
}

/** Levels of a job's log that leave out warnings. */
const withoutWarnings: ReadonlySet<string> = new Set(['error', 'critical']);

/** Another worker may know the program: its driver is asked once more before anyone is refused. */
class UnknownProgram extends Refusal {
  readonly driver: string;

  constructor({ name, driver }: Backend, program: string, known: readonly string[]) {
    super(
      'unknown_program',
      `Backend ${name} has no program called ${program}.`,
      `It runs: ${known.join(', ')}.`,
    );
    this.driver = driver;
  }
}

/** Submitting, cancelling and reading jobs, and what their runners say about them. */
@Injectable()
export class JobsService implements OnModuleInit, RunnerListener {
  private readonly logger = new Logger(JobsService.name);

  constructor(
    private readonly commands: Commands,
    private readonly backends: BackendsService,
    private readonly receipts: ReceiptsService,
    private readonly sharing: SharingService,
    @Inject(STORE) private readonly store: Store,
    @Inject(RUNNERS) private readonly runners: Runners,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: SchedulerSettings,
  ) {}

  onModuleInit(): void {
    this.runners.listen(this);
  }

  /**
   * Stores a job and answers it; the same `submit` again answers the same job. No program is refused as unknown before a
   * worker has said which it has: the first one may still be starting.
   */
  async submit(actor: Actor, asked: AskedJob, submit?: SubmitKey): Promise<Job> {
    try {
      return await this.submitOnce(actor, asked, submit);
    } catch (error) {
      if (!(error instanceof UnknownProgram)) throw error;
      await this.runners.learnPrograms(error.driver);
      return this.submitOnce(actor, asked, submit);
    }
  }

  private submitOnce(actor: Actor, asked: AskedJob, submit?: SubmitKey): Promise<Job> {
    return this.commands.run(async (unit) => {
      const earlier = submit === undefined ? null : await this.receipts.earlier(unit, submit);
      const known = earlier === null ? null : await unit.tx.jobs.find(earlier);
      if (known !== null) return known;
      const job = await this.submitIn(unit, actor, asked);
      if (submit !== undefined) await this.receipts.keep(unit, submit, job.id);
      return job;
    }, nameOf(actor));
  }

  /** As {@link submit}, inside a transaction that does more. */
  async submitIn(unit: Unit, actor: Actor, asked: AskedJob): Promise<Job> {
    const session = asked.session === undefined ? null : await this.session(unit.tx, actor, asked.session);
    if (session !== null) {
      await this.sharing.checkUse(actor, session, `Session ${session.id}`, 'run jobs in it');
      checkAccepts(session);
    }
    const backend = await this.backends.named(unit.tx, asked.backend ?? session?.backend);
    if (session !== null && session.backend !== backend.name) {
      throw new Refusal(
        'session_elsewhere',
        `Session ${session.id} is on backend ${session.backend}, not on ${backend.name}.`,
        `Submit to ${session.backend}, or leave the session out.`,
      );
    }
    const programs = this.backends.programs(backend.driver) ?? [];
    if (!programs.includes(asked.program)) throw new UnknownProgram(backend, asked.program, programs);
    const scripted = backend.driver === 'scripted' ? readScript(asked.params) : null;
    const owner = await unit.tx.instances.find(session?.instance ?? actor.instance.id);
    await refuseIfUsedUp(unit, owner, this.settings.window);
    const most = owner?.plan.maxPendingJobs;
    if (owner !== null && most !== undefined)
      checkPending(await unit.tx.jobs.countQueuedOf(owner.id), most, owner.name);
    const job = await unit.insertJob(
      {
        id: unit.ids.uuid(),
        backend: backend.name,
        instance: session?.instance ?? actor.instance.id,
        user: actor.user,
        chargedTo: session?.user ?? actor.user,
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
    if (!withoutWarnings.has(asked.details.logLevel)) {
      for (const text of asked.warnings ?? [])
        await unit.tx.jobs.appendLog(job.id, unit.at, 'warning', `submit: ${text}.`);
    }
    // Kept now and shown once the job is completed: a scripted job ends without anyone there to bring a result.
    if (scripted !== null) await unit.tx.jobs.saveResult(job.id, scripted.result);
    return job;
  }

  async get(actor: Actor, id: string): Promise<JobRecord> {
    return this.visible(actor, id, await this.store.read.job(id));
  }

  /** Whether {@link get} would show it; one that was removed is nobody's any more. */
  async isReadable(actor: Actor, id: string): Promise<boolean> {
    const job = await this.store.read.job(id);
    return job !== null && this.sharing.mayRead(actor, job);
  }

  /** Where a queued job stands and what it waits for; null for any other. */
  async place(job: Job): Promise<Place | null> {
    if (job.state !== 'queued') return null;
    const view = await this.store.read.waiting(job, this.clock.now(), this.settings.window);
    return view === null ? null : placeInQueue(view);
  }

  /** Those of the actor's instance that the actor may read. */
  async list(actor: Actor, filter: Omit<JobFilter, 'instance' | 'onlyOf'>): Promise<Page<JobRecord>> {
    const onlyOf = await this.sharing.onlyOf(actor);
    return this.store.read.jobs({ ...filter, instance: actor.instance.id, onlyOf });
  }

  async params(id: string): Promise<string> {
    return (await this.store.read.params(id)) ?? '{}';
  }

  /** The result text of a completed job, the traceback of a failed one. A private job's result can be read once. */
  async result(actor: Actor, id: string): Promise<string | null> {
    const job = await this.get(actor, id);
    const isTraceback = job.state === 'failed' && job.script === null;
    if (job.state !== 'completed' && !isTraceback) return null;
    if (!job.details.private || isTraceback) return this.store.read.result(id);
    await this.sharing.checkUse(actor, job, `Job ${id}`, 'read its result, which can be read once');
    // Of two who ask at once, one gets it.
    return this.commands.run((unit) => unit.tx.jobs.takeResult(id));
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
    }, nameOf(actor));
  }

  setTags(actor: Actor, id: string, tags: readonly string[]): Promise<void> {
    return this.commands.run(async (unit) => {
      const job = await this.job(unit.tx, actor, id);
      await this.sharing.checkUse(actor, job, `Job ${id}`, 'change its tags');
      await unit.tx.jobs.saveTags(id, tags);
    }, nameOf(actor));
  }

  /** A runner's answer. The one of an attempt that was lost meanwhile carries an old token and changes nothing. */
  async answered(id: string, token: string, answer: Answer): Promise<void> {
    await this.commands.run(async (unit) => {
      const job = await unit.tx.jobs.find(id);
      if (job === null || job.token !== token) {
        this.logger.warn({ job: id, answer: answer.type }, 'A late answer of a lost attempt was ignored');
        return;
      }
      if (answer.type === 'lost') {
        const { why, words } = answer;
        this.logger.warn({ job: id, attempt: job.attempts, why, words }, 'A runner was lost');
        await unit.loseJob(job, unit.at, why);
        return;
      }
      // Stored before the job is shown as ended.
      if (answer.type === 'completed' || answer.type === 'stopped') {
        if (answer.result !== undefined) await unit.tx.jobs.saveResult(id, answer.result);
      }
      if ('ranWith' in answer && answer.ranWith !== undefined)
        await unit.tx.jobs.saveRanWith(id, answer.ranWith);
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
    return this.visible(actor, id, await tx.jobs.find(id));
  }

  /** Another instance's job is as unknown as one that never was; so is a colleague's in a private instance. */
  private async visible<J extends Job>(actor: Actor, id: string, job: J | null): Promise<J> {
    if (job !== null && (await this.sharing.mayRead(actor, job))) return job;
    throw new Refusal('unknown_job', `There is no job ${id}${lookedIn(actor)}.`);
  }
}

import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { searchedInstance, mayEnd, maySee, actorName, type Actor } from '../kernel/access/access.js';
import { checkJobLimit, checkPending } from '../kernel/job/job.decide.js';
import { defaultMaxAttempts, isFinal, type Job } from '../kernel/job/job.js';
import { isRefused, Refusal } from '../kernel/refusal.js';
import { checkAccepts } from '../kernel/session/session.decide.js';
import type { Session } from '../kernel/session/session.js';
import type { Millis } from '../kernel/time.js';
import { refuseIfUsedUp } from './budget.js';
import { BackendsService } from './backends.service.js';
import { placeInQueue, type QueuePlace } from '../kernel/choice/waiting.js';
import { Commands, SETTINGS, type SchedulerSettings } from './commands.service.js';
import { CLOCK, RUNNERS, STORE } from './ports.js';
import type { Clock, JobDetails, JobFilter, JobRecord, Page, Runners, Store, Tx } from './ports.js';
import { SharingService } from './sharing.service.js';
import { ReceiptsService, type SubmitKey } from './receipts.service.js';
import { lengthened, wholeOf, type Text } from './long-text.js';
import { RunnerReports } from './runner-reports.js';
import { readLongScript, readScript } from './script.js';
import { TextsService } from './texts.service.js';
import type { UnitOfWork } from './unit-of-work.js';

export interface NewJob {
  readonly program: string;
  /** Undefined: the session's backend, or the default one. */
  readonly backend: string | undefined;
  readonly session: string | undefined;
  readonly maxExecutionTime: Millis | undefined;
  /** JSON text, kept byte for byte. A long text must be stored before. */
  readonly params: Text;
  readonly details: JobDetails;
  /** Sentences for the job's log about members of the request that have no effect. */
  readonly warnings?: readonly string[];
}

/** Log levels of a job that leave out warnings. */
const withoutWarnings: ReadonlySet<string> = new Set(['error', 'critical']);

/** The script of a job whose params are too long to be read in the transaction; null if the job is not scripted. */
interface ReadAhead {
  readonly scripted: Awaited<ReturnType<typeof readLongScript>> | null;
}

/** Submits, cancels and reads jobs. */
@Injectable()
export class JobsService implements OnModuleInit {
  constructor(
    private readonly commands: Commands,
    private readonly backends: BackendsService,
    private readonly receipts: ReceiptsService,
    private readonly sharing: SharingService,
    private readonly texts: TextsService,
    @Inject(STORE) private readonly store: Store,
    @Inject(RUNNERS) private readonly runners: Runners,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: SchedulerSettings,
  ) {}

  onModuleInit(): void {
    this.runners.listen(new RunnerReports(this.commands, this.texts));
  }

  /**
   * Stores a job and returns it; a repeated `submit` returns the same job. A program is refused as unknown only after a
   * worker has reported its programs: the first worker may still be starting.
   */
  async submit(actor: Actor, request: NewJob, submit?: SubmitKey): Promise<Job> {
    try {
      return await this.submitOnce(actor, request, submit);
    } catch (error) {
      if (!isRefused(error, 'backend_lacks_program')) throw error;
      // A worker may have learned the program since, so ask the driver's workers again before refusing.
      await this.runners.learnPrograms(error.params.driver);
      return this.submitOnce(actor, request, submit);
    }
  }

  private async submitOnce(actor: Actor, request: NewJob, submit?: SubmitKey): Promise<Job> {
    const params = lengthened(request.params);
    const earlier = async ({ tx }: UnitOfWork, known: string | null) =>
      known === null ? null : tx.jobs.find(known);
    const store = (stored: Text, ahead?: ReadAhead) =>
      this.commands.run(async (unit) => {
        const known = submit === undefined ? null : await this.receipts.findEarlier(unit, submit);
        const existing = await earlier(unit, known);
        if (existing !== null) return existing;
        const job = await this.submitIn(unit, actor, { ...request, params: stored }, ahead);
        if (submit !== undefined) await this.receipts.store(unit, submit, job.id);
        return job;
      }, actorName(actor));
    if (typeof params === 'string') return store(params);
    // Check before many megabytes are stored for nothing.
    const checked = await this.commands.run(async (unit) => {
      const known = submit === undefined ? null : await this.receipts.findEarlier(unit, submit);
      return (await earlier(unit, known)) ?? (await this.check(unit, actor, request));
    }, actorName(actor));
    if ('id' in checked) return checked;
    const scripted = this.backends.isPlayed(checked.backend) ? await readLongScript(params) : null;
    return this.texts.withStored(params, (stored) =>
      scripted === null
        ? store(stored)
        : this.texts.withStored(scripted.result, (result) =>
            store(stored, { scripted: { ...scripted, result } }),
          ),
    );
  }

  /** Submits a job as part of the caller's transaction, like {@link submit}. Long params must be stored before. */
  async submitIn(unit: UnitOfWork, actor: Actor, request: NewJob, ahead?: ReadAhead): Promise<Job> {
    const { session, backend, owner } = await this.check(unit, actor, request);
    const scripted =
      ahead !== undefined
        ? ahead.scripted
        : this.backends.isPlayed(backend)
          ? readScript(await wholeOf(request.params))
          : null;
    const job = await unit.insertJob(
      {
        id: unit.ids.uuid(),
        backend: backend.name,
        instance: session?.instance ?? actor.instance.id,
        user: actor.user,
        chargedTo: session?.user ?? actor.user,
        session: session?.id ?? null,
        mode: session?.mode ?? 'job',
        program: request.program,
        state: 'queued',
        reason: null,
        endCode: null,
        reasonCode: null,
        createdAt: unit.at,
        startedAt: null,
        endedAt: null,
        maxExecutionTime: checkJobLimit(
          request.maxExecutionTime,
          backend.limits.maxExecutionTime,
          owner?.plan.maxExecutionTime,
          session?.limits.maxTtl,
        ),
        script: scripted?.script ?? null,
        attempts: 0,
        maxAttempts: this.runners.isRepeatable(request.program) ? defaultMaxAttempts : 1,
        token: null,
        slot: null,
        stop: null,
        used: 0,
      },
      request.details,
      request.params,
    );
    if (!withoutWarnings.has(request.details.logLevel)) {
      for (const text of request.warnings ?? [])
        await unit.tx.jobs.appendLog(job.id, unit.at, 'warning', `submit: ${text}.`);
    }
    // Store the result now, because a scripted job ends without a process that sends one. It is shown once the job is
    // completed.
    if (scripted !== null) await unit.tx.jobs.saveResult(job.id, scripted.result);
    return job;
  }

  /** Throws the refusal of such a job that does not depend on its params, if there is one. */
  async check(unit: UnitOfWork, actor: Actor, request: Omit<NewJob, 'params'>) {
    const session =
      request.session === undefined ? null : await this.session(unit.tx, actor, request.session);
    if (session !== null) {
      await this.sharing.checkSession(actor, session, 'run_jobs');
      checkAccepts(session);
    }
    const backend = await this.backends.named(unit.tx, request.backend ?? session?.backend);
    const { name, driver } = backend;
    if (session !== null && session.backend !== name) {
      const { id, backend: itsBackend } = session;
      throw new Refusal('session_elsewhere', { session: id, backend: itsBackend, requested: name });
    }
    const { program } = request;
    const known = this.backends.programs(driver) ?? [];
    if (!known.includes(program))
      throw new Refusal('backend_lacks_program', { backend: name, driver, program, known });
    const owner = await unit.tx.instances.find(session?.instance ?? actor.instance.id);
    await refuseIfUsedUp(unit, owner);
    const most = owner?.plan.maxPendingJobs;
    if (owner !== null && most !== undefined)
      checkPending(await unit.tx.jobs.countQueuedOf(owner.id), most, owner.name);
    return { session, backend, owner };
  }

  async get(actor: Actor, id: string): Promise<JobRecord> {
    return this.visible(actor, id, await this.store.read.job(id));
  }

  /** Returns whether {@link get} would return the job. False once the job is removed. */
  async isReadable(actor: Actor, id: string): Promise<boolean> {
    const job = await this.store.read.job(id);
    return job !== null && this.sharing.mayRead(actor, job);
  }

  /** Returns the place of a queued job and what it waits for; null for any other job. */
  async place(job: Job): Promise<QueuePlace | null> {
    if (job.state !== 'queued') return null;
    const view = await this.store.read.waiting(job, this.clock.now(), this.settings.fairShareWindow);
    return view === null ? null : placeInQueue(view);
  }

  /** Returns jobs of the actor's instance that the actor may read. */
  async list(actor: Actor, filter: Omit<JobFilter, 'instance' | 'onlyOf'>): Promise<Page<JobRecord>> {
    const onlyOf = await this.sharing.visibleUser(actor);
    return this.store.read.jobs({ ...filter, instance: actor.instance.id, onlyOf });
  }

  async params(id: string): Promise<Text> {
    return (await this.store.read.params(id)) ?? '{}';
  }

  /** Returns the result of a completed job, the traceback of a failed one. A private job's result can be read once. */
  async result(actor: Actor, id: string): Promise<Text | null> {
    const job = await this.get(actor, id);
    const isTraceback = job.state === 'failed' && job.script === null;
    if (job.state !== 'completed' && !isTraceback) return null;
    if (!job.details.private || isTraceback) return this.store.read.result(id);
    await this.sharing.checkJob(actor, job, 'take_result');
    // Of two simultaneous requests only one gets the result.
    return this.commands.run(async (unit) => this.texts.once(await unit.tx.jobs.takeResult(id)));
  }

  async logs(actor: Actor, id: string): Promise<{ at: Millis; level: string; text: string }[]> {
    await this.get(actor, id);
    return this.store.read.logs(id);
  }

  /** Cancels a job. A queued job ends at once, a running one when its runner has ended it. */
  cancel(actor: Actor, id: string): Promise<Job> {
    return this.commands.run(async (unit) => {
      const job = await this.ownJob(unit.tx, actor, id, 'cancel');
      return unit.stopJob(job, { at: unit.at, reason: `cancelled by ${actorName(actor)}`, endCode: null });
    }, actorName(actor));
  }

  /** Removes a job that has ended. Its charges stay in the ledger. */
  remove(actor: Actor, id: string): Promise<void> {
    return this.commands.run(async (unit) => {
      const job = await this.ownJob(unit.tx, actor, id, 'remove');
      if (!isFinal(job.state)) throw new Refusal('job_not_final', { job: id, state: job.state });
      await unit.tx.jobs.remove(id);
    }, actorName(actor));
  }

  setTags(actor: Actor, id: string, tags: readonly string[]): Promise<void> {
    return this.commands.run(async (unit) => {
      const job = await this.job(unit.tx, actor, id);
      await this.sharing.checkJob(actor, job, 'change_tags');
      await unit.tx.jobs.saveTags(id, tags);
    }, actorName(actor));
  }

  private async session(tx: Tx, actor: Actor, id: string): Promise<Session> {
    const session = await tx.sessions.find(id);
    if (session !== null && maySee(actor, session)) return session;
    throw new Refusal('unknown_session_for_job', { session: id, instance: searchedInstance(actor) });
  }

  private async ownJob(tx: Tx, actor: Actor, id: string, act: 'cancel' | 'remove'): Promise<Job> {
    const job = await this.job(tx, actor, id);
    if (mayEnd(actor, job)) return job;
    throw new Refusal('job_not_yours', { job: id, owner: job.user, act });
  }

  private async job(tx: Tx, actor: Actor, id: string): Promise<Job> {
    return this.visible(actor, id, await tx.jobs.find(id));
  }

  /** Refuses a job of another instance, or a colleague's job in a private instance, as if it did not exist. */
  private async visible<J extends Job>(actor: Actor, id: string, job: J | null): Promise<J> {
    if (job !== null && (await this.sharing.mayRead(actor, job))) return job;
    throw new Refusal('unknown_job', { job: id, instance: searchedInstance(actor) });
  }
}

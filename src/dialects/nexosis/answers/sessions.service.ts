import { Inject, Injectable } from '@nestjs/common';
import { actorName, type Actor } from '../../../kernel/access/access.js';
import type { Backend } from '../../../kernel/backend/backend.js';
import type { QueuePlace } from '../../../kernel/choice/waiting.js';
import { isFinal } from '../../../kernel/job/job.js';
import { BackendsService } from '../../../scheduler/backends.service.js';
import { Commands } from '../../../scheduler/commands.service.js';
import { JobsService } from '../../../scheduler/jobs.service.js';
import type {
  Matches,
  LearnSession,
  LearnSessionFilter,
  LearnSessionView,
  NexosisReads,
} from '../storage/ports.js';
import { STORE, type JobDetails, type Store } from '../../../scheduler/ports.js';
import { ReceiptsService, type SubmitKey } from '../../../scheduler/receipts.service.js';
import { SessionsService } from '../../../scheduler/sessions.service.js';
import type { UnitOfWork } from '../../../scheduler/unit-of-work.js';
import { SharingService } from '../../../scheduler/sharing.service.js';
import { checkMayDelete } from '../data/deletable.js';
import { NexosisError, notFound } from '../wire/errors.js';
import type { LearnSessionRequest } from './session.request.js';
import { findSource, type Source } from '../data/sources.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';

/** Filter of a list. The instance is always the actor's. */
type ListFilter = Omit<LearnSessionFilter, 'instance' | 'user'>;

/** Properties of a session's request that its calculation does not depend on. */
export interface Origin {
  readonly callbackUrl: string | null;
  readonly base: string;
  readonly submit: SubmitKey | undefined;
}

/** Defaults for all details, because clients of this dialect cannot set them and no rule here uses them. */
export const plainDetails: JobDetails = {
  tags: [],
  logLevel: 'info',
  private: false,
  calibrationId: null,
  runtime: null,
  cost: null,
};

/** Starts, reads and deletes sessions. Each is a batch session of the kernel with one job, drained from the start. */
@Injectable()
export class LearnSessionsService {
  constructor(
    private readonly commands: Commands,
    private readonly sessions: SessionsService,
    private readonly jobs: JobsService,
    private readonly backends: BackendsService,
    private readonly receipts: ReceiptsService,
    private readonly sharing: SharingService,
    @Inject(STORE) private readonly store: Store,
  ) {}

  private get read(): NexosisReads {
    return nexosisReads(this.store.read);
  }

  source(actor: Actor, name: string): Promise<Source | null> {
    return findSource(this.read, actor.instance.id, name);
  }

  /** Stores the session, its job and its request in one transaction. The same submit again returns the same session. */
  async start(
    actor: Actor,
    request: LearnSessionRequest,
    source: Source,
    origin: Origin,
  ): Promise<LearnSessionView> {
    const backend = await this.backend(false);
    const id = await this.commands.run(async (unit) => {
      const earlier =
        origin.submit === undefined ? null : await this.receipts.findEarlier(unit, origin.submit);
      if (earlier !== null && (await nexosisStore(unit.tx).sessions.find(earlier)) !== null) return earlier;
      const session = await this.sessions.openIn(unit, actor, { mode: 'batch', backend: backend.name });
      const job = await this.jobs.submitIn(unit, actor, {
        program: request.domain,
        backend: backend.name,
        session: session.id,
        maxExecutionTime: undefined,
        params: JSON.stringify({ session: session.id }),
        details: plainDetails,
      });
      const open = await unit.tx.sessions.find(session.id);
      await unit.changeSession(open ?? session, { type: 'drain', at: unit.at });
      await nexosisStore(unit.tx).sessions.insert(
        toSession(actor, request, source, origin, session.id, job.id, unit),
      );
      if (origin.submit !== undefined) await this.receipts.store(unit, origin.submit, session.id);
      return session.id;
    }, actorName(actor));
    // The response always has the status `requested`, even if the job started meanwhile.
    return { ...(await this.get(actor, id)), jobState: 'queued', startedAt: null, endedAt: null };
  }

  async get(actor: Actor, id: string): Promise<LearnSessionView> {
    const session = await this.read.session(id);
    if (session === null || session.instance !== actor.instance.id) throw notFound('session', id);
    if (!(await this.sharing.mayRead(actor, session))) throw notFound('session', id);
    return session;
  }

  /** Lists the sessions of the actor's instance that the actor may read. */
  async list(actor: Actor, filter: ListFilter): Promise<Matches<LearnSessionView>> {
    const user = await this.sharing.visibleUser(actor);
    return this.read.sessions({ ...filter, instance: actor.instance.id, user });
  }

  /** Returns the sessions that match a filter. Throws if the actor may not delete all of them. */
  async removable(actor: Actor, filter: Omit<ListFilter, 'sortBy' | 'descending' | 'limit' | 'offset'>) {
    const sessions: LearnSessionView[] = [];
    for (let offset = 0; ; offset += 500) {
      const slice = { sortBy: 'id', descending: false, limit: 500, offset } as const;
      const { items, total } = await this.list(actor, { ...filter, ...slice });
      for (const session of items) checkMayDelete(actor, session, `Session ${session.id}`);
      sessions.push(...items);
      if (offset + slice.limit >= total) return sessions;
    }
  }

  /** Returns the place of the session's job in the queue. Null if the job does not wait. */
  async place({ job: id }: LearnSessionView): Promise<QueuePlace | null> {
    const job = await this.store.read.job(id);
    return job === null ? null : this.jobs.place(job);
  }

  /** Deletes a session with its results and stops its job. The model that it built stays. */
  async remove(actor: Actor, id: string): Promise<void> {
    checkMayDelete(actor, await this.get(actor, id), `Session ${id}`);
    await this.commands.run(async (unit) => {
      const session = await nexosisStore(unit.tx).sessions.find(id);
      if (session === null) return;
      const job = await unit.tx.jobs.find(session.job);
      if (job !== null && !isFinal(job.state)) {
        await unit.stopJob(job, { at: unit.at, reason: `deleted by ${actorName(actor)}`, endCode: null });
      }
      await nexosisStore(unit.tx).sessions.remove(id);
      await nexosisStore(unit.tx).tables.removeOf(id);
      await nexosisStore(unit.tx).deliveries.removeOf(id);
    }, actorName(actor));
  }

  /** Returns the backend for predictions or for the calculations of sessions. Throws if it cannot run them. */
  async backend(predicts: boolean): Promise<Backend> {
    const learners = await this.backends.listFor('forecast', 'predict');
    const backend = learners.find(({ options }) => (options['predict'] === true) === predicts) ?? learners[0];
    if (backend === undefined) {
      throw new NexosisError(
        503,
        'Unavailable',
        'No backend with driver learner is configured on this service',
      );
    }
    const why = this.backends.missing(backend);
    if (why !== null)
      throw new NexosisError(503, 'Unavailable', `Backend ${backend.name} cannot calculate: ${why}`);
    return backend;
  }
}

function toSession(
  actor: Actor,
  request: LearnSessionRequest,
  source: Source,
  { callbackUrl, base }: Origin,
  id: string,
  job: string,
  unit: UnitOfWork,
): LearnSession {
  const buildsModel = request.domain !== 'forecast' && request.domain !== 'impact';
  return {
    ...request,
    ...{ id, job, callbackUrl, base },
    instance: actor.instance.id,
    user: actor.user,
    source: source.name,
    sourceKind: source.kind,
    token: callbackUrl === null ? null : unit.ids.secret(),
    modelId: buildsModel ? unit.ids.uuid() : null,
    requestedAt: unit.at,
    outcome: null,
  };
}

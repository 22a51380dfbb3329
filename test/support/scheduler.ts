import { Logger } from '@nestjs/common';
import type { Actor } from '../../src/kernel/access/access.js';
import type { Backend } from '../../src/kernel/backend/backend.js';
import { seconds, type Millis } from '../../src/kernel/time.js';
import { defaultFairShareWindow } from '../../src/kernel/usage/usage.js';
import { BackendsService } from '../../src/scheduler/backends.service.js';
import { ClockService } from '../../src/scheduler/clock.service.js';
import { Commands } from '../../src/scheduler/commands.service.js';
import { JobsService, type NewJob } from '../../src/scheduler/jobs.service.js';
import type {
  AttemptEnd,
  Instance,
  ProcessEnd,
  RunnerListener,
  Runners,
  Task,
} from '../../src/scheduler/ports.js';
import { newProcessMemory } from '../../src/scheduler/process-memory.js';
import { ReceiptsService } from '../../src/scheduler/receipts.service.js';
import { SharingService } from '../../src/scheduler/sharing.service.js';
import { TextsService } from '../../src/scheduler/texts.service.js';
import { SessionsService } from '../../src/scheduler/sessions.service.js';
import { VirtualClock } from '../../src/scheduler/system-clock.js';
import { drivers } from './drivers.js';
import { after, t0 } from './given.js';
import { givenBackend, givenDatabase, givenDetails, givenFolder, givenInstance } from './store.js';

// Hides log lines about lost attempts, which these tests cause on purpose.
Logger.overrideLogger(false);

/** Runners that only record their commands. The test reports how attempts end. */
export class FakeRunners implements Runners {
  readonly sent: string[] = [];
  readonly released: string[] = [];
  readonly tasks = new Map<string, Task>();
  private listener: RunnerListener | undefined;

  listen(listener: RunnerListener): void {
    this.listener = listener;
  }

  programs = (driver: string) =>
    driver === 'aer' ? ['sampler'] : driver === 'spark' ? ['interpreter', 'statement'] : null;
  unavailable = () => null;
  readonly notRepeatable = new Set<string>();
  learnPrograms = (): Promise<void> => Promise.resolve();
  isRepeatable = (program: string) =>
    !this.notRepeatable.has(program) && !['interpreter', 'statement'].includes(program);

  start(task: Task): void {
    this.sent.push(`start ${task.job}`);
    this.tasks.set(task.job, task);
  }

  stop(job: string): void {
    this.sent.push(`stop ${job}`);
  }

  kill(job: string): void {
    this.sent.push(`kill ${job}`);
  }

  /** Sessions and lone jobs whose processes outlived the previous service. */
  alive = new Set<string>();
  survivors = () => this.alive;

  release(session: string): void {
    this.released.push(session);
  }

  end(end: ProcessEnd): Promise<void> {
    return this.listener?.processEnded(end) ?? Promise.resolve();
  }

  /** Reports that the program of an attempt must not run twice. */
  async sayLast(job: string, token = this.token(job)): Promise<void> {
    await this.listener?.lastAttempt(job, token);
  }

  /** Reports the end of the last started attempt, or of an earlier one by its token. */
  async answer(job: string, answer: AttemptEnd, token = this.token(job)): Promise<void> {
    await this.listener?.attemptEnded(job, token, answer);
  }

  token(job: string): string {
    const task = this.tasks.get(job);
    if (task === undefined) throw new Error(`Job ${job} was not started.`);
    return task.token;
  }
}

export interface GivenService {
  /** The data folder of an earlier service. */
  readonly folder?: string;
  /** The time of the start, in seconds after {@link t0}. */
  readonly at?: number;
  readonly backend?: Partial<Backend>;
  readonly instances?: readonly Partial<Instance>[];
}

/** The scheduler wired as in production, on a new database, with a clock that only the test moves. */
export async function givenService({ folder, at = 0, backend = {}, instances = [{}] }: GivenService = {}) {
  const data = folder ?? (await givenFolder());
  const database = await givenDatabase(data);
  const { store } = database;
  const clock = new VirtualClock(after(at));
  const runners = new FakeRunners();
  let given = 0;
  const ids = {
    uuid: () => `${folder === undefined ? 'id' : `id-${at}`}-${(given += 1)}`,
    secret: () => 'secret',
  };
  const settings = { fairShareWindow: defaultFairShareWindow, defaultBackend: 'b1' };
  const memory = newProcessMemory();
  const commands = new Commands(store, clock, ids, runners, settings, drivers, memory);
  const backends = new BackendsService(
    commands,
    store,
    runners,
    { of: () => ({ configuration: {}, properties: {} }) },
    settings,
    drivers,
  );
  const receipts = new ReceiptsService(commands, memory);
  const sharing = new SharingService(store);
  const sessions = new SessionsService(commands, store, backends, receipts, sharing);
  const jobs = new JobsService(
    commands,
    backends,
    receipts,
    sharing,
    new TextsService(store),
    store,
    runners,
    clock,
    settings,
  );
  jobs.onModuleInit();
  if (folder === undefined) {
    await store.write(async (tx) => {
      for (const instance of instances) await tx.instances.insert(givenInstance(instance));
    });
    const { driver, slots, lanes, limits, onIdle, options, name } = givenBackend(backend);
    const given = { driver, slots, lanes, limits, onIdle, options, name };
    await commands.run((unit) => backends.configure(unit, [given]));
  }
  const advance = new ClockService(clock, commands);
  return {
    ...{ store, clock, runners, memory, commands, backends, sessions, jobs, folder: data },
    /** Advances the time, stopping at each deadline. */
    goTo: (s: number): Promise<Millis> => advance.advance(after(s) - clock.now()),
    /** Moves the clock without notifying the service, as if it were slow or down. */
    sleepUntil: (s: number): void => clock.moveTo(after(s)),
    submit: (request: Partial<NewJob> = {}, actor = alice) =>
      jobs.submit(actor, {
        ...givenAsked(request),
        backend: request.session === undefined ? 'b1' : undefined,
        ...request,
      }),
    session: async (id: string) => {
      const session = await store.read.session(id);
      if (session === null) throw new Error(`There is no session ${id}.`);
      return session;
    },
    job: async (id: string) => {
      const job = await store.read.job(id);
      if (job === null) throw new Error(`There is no job ${id}.`);
      return job;
    },
    ledger: () => store.read.ledger({}),
  };
}
export type Service = Awaited<ReturnType<typeof givenService>>;

const givenAsked = (request: Partial<NewJob>): NewJob => ({
  program: 'scripted',
  backend: undefined,
  session: undefined,
  maxExecutionTime: undefined,
  params: '{"duration": 10}',
  details: givenDetails(),
  ...request,
});

export const givenActor = (user: string, instance = 'lab-a', role: Actor['role'] = 'user'): Actor => {
  return {
    tokenId: `token-of-${user}`,
    user,
    role,
    instance: { id: instance, name: instance, crn: `crn:${instance}` },
  };
};
export const alice = givenActor('alice');
export const admin = givenActor('root', 'ops', 'admin');

/** Params of a scripted job. */
export const lasting = (duration: number, outcome = 'completed') => ({
  params: JSON.stringify({ duration, outcome }),
});
/** A job that needs a runner, on a backend with driver `aer`. */
export const onRunner = { program: 'sampler', params: '{}' };

export const dedicated = { mode: 'dedicated', backend: 'b1' } as const;
export const batch = { mode: 'batch', backend: 'b1' } as const;

/** Converts a time to seconds after {@link t0}. */
export const inSeconds = (at: Millis | null): number | null => (at === null ? null : (at - t0) / seconds(1));

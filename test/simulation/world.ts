import { Logger } from '@nestjs/common';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actor } from '../../src/kernel/access/access.js';
import { defaultLimits, type BackendLimits } from '../../src/kernel/backend/backend.js';
import { seconds, type Millis } from '../../src/kernel/time.js';
import { BackendsService, type NewBackend } from '../../src/scheduler/backends.service.js';
import { ClockService } from '../../src/scheduler/clock.service.js';
import { Commands } from '../../src/scheduler/commands.service.js';
import { JobsService } from '../../src/scheduler/jobs.service.js';
import type { Instance, Store } from '../../src/scheduler/ports.js';
import { newProcessMemory } from '../../src/scheduler/process-memory.js';
import { ReceiptsService } from '../../src/scheduler/receipts.service.js';
import { SharingService } from '../../src/scheduler/sharing.service.js';
import { TextsService } from '../../src/scheduler/texts.service.js';
import { SessionsService } from '../../src/scheduler/sessions.service.js';
import { VirtualClock } from '../../src/scheduler/system-clock.js';
import { openSqlite } from '../../src/storage/sqlite/database.js';
import { SqliteStore } from '../../src/storage/sqlite/sqlite.store.js';
import { drivers } from '../support/drivers.js';
import { Connection, Lifeline } from './connection.js';
import { Laws } from './laws.js';
import { observed, Recorder } from './observed-store.js';
import { Shadow } from './shadow.js';
import { SimRunners } from './sim-runners.js';
import type { Setup } from './steps.js';

Logger.overrideLogger(false);

/** The start of every history. */
export const beginning: Millis = 1_800_000_000_000;
/** The fair-share window: short, so that usage leaves it within a history. */
export const window: Millis = seconds(600);

/** Short enough for every clock to run out many times. */
export const limitsOf = (scale: number): BackendLimits => ({
  ...defaultLimits,
  maxTtl: seconds(300 * scale),
  activeTtl: seconds(60 * scale),
  interactiveTtl: { dedicated: seconds(10 * scale), batch: seconds(8 * scale) },
  unusedTtl: seconds(45 * scale),
  maxExecutionTime: seconds(20 * scale),
});

/** Only the instances with the most shares have a limit on queued jobs. A random choice would change every seed. */
export const mostPendingOf = (shares: number): number | null => (shares === 5 ? 4 : null);

export const instanceIds = ['lab-a', 'lab-b', 'lab-c'] as const;
const actor = (user: string, instance: string, role: Actor['role'] = 'user'): Actor => ({
  tokenId: `token-of-${user}`,
  user,
  role,
  instance: { id: instance, name: instance, crn: `crn:${instance}` },
});
export const actors = [
  actor('alice', 'lab-a'),
  actor('bob', 'lab-a'),
  actor('carol', 'lab-b'),
  actor('dave', 'lab-c'),
] as const;
export const admin = actor('root', 'ops', 'admin');

/** One process of the service. */
export interface Service {
  readonly lifeline: Lifeline;
  readonly runners: SimRunners;
  readonly commands: Commands;
  readonly backends: BackendsService;
  readonly sessions: SessionsService;
  readonly jobs: JobsService;
  readonly receipts: ReceiptsService;
  readonly clock: ClockService;
  readonly store: Store;
  /** The same store without an observer and without faults, for laws that read as a transaction does. */
  readonly queries: Store;
  readonly connections: readonly Connection[];
}

let template: Promise<string> | null = null;
const scratch = () => mkdtempSync(join(process.env.STINT_SIMULATION_FOLDER ?? tmpdir(), 'stint-simulation-'));

/** An empty migrated database, copied for every history. */
const emptyDatabase = (): Promise<string> =>
  (template ??= (async () => {
    const folder = scratch();
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    await (await openSqlite(folder)).close();
    return folder;
  })());

/** A service on a database file and a virtual clock, with users and laws. It can end and restart at any point. */
export class World {
  readonly clock = new VirtualClock(beginning);
  readonly shadow = new Shadow();
  readonly laws: Laws;
  /** Sessions and jobs in order of acceptance. */
  readonly accepted = { jobs: [] as string[] };
  service!: Service;
  restarts = 0;
  /** Milliseconds for which the service was down. */
  downtime = 0;
  ids = 0;
  submits = 0;
  /** Durable commands, and the number of ids created up to the last of them. */
  commits = 0;
  committedIds = 0;
  private backends: NewBackend[];
  private readonly begun = new Map<string, number>();

  private constructor(
    readonly folder: string,
    private readonly setup: Setup,
  ) {
    this.laws = new Laws(this.shadow, window);
    this.backends = setup.backends.map((settings, i) => ({
      ...settings,
      name: `b${i}`,
      limits: limitsOf(1),
      options: {},
    }));
  }

  static async create(setup: Setup): Promise<World> {
    const folder = scratch();
    mkdirSync(folder, { recursive: true });
    cpSync(await emptyDatabase(), folder, { recursive: true });
    const world = new World(folder, setup);
    world.open();
    await world.service.store.write(async (tx) => {
      for (const [i, id] of instanceIds.entries()) await tx.instances.insert(world.instance(id, i));
    });
    await world.recover();
    return world;
  }

  get hasRunners(): boolean {
    return this.setup.backends.some(({ driver }) => driver === 'aer');
  }

  /** Kills the process; uncommitted changes are lost. */
  stop(): void {
    this.service.lifeline.die();
    for (const connection of this.service.connections) connection.close();
  }

  /** Starts a new process on the same file, as the service does. */
  async start(lanes = 0): Promise<void> {
    this.restarts += 1;
    const { runners } = this.service;
    this.open(runners);
    if (lanes > 0) this.backends = this.backends.map((backend) => ({ ...backend, lanes }));
    await this.recover();
  }

  dispose(): void {
    this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs the start of the service, before which nothing is written. */
  private async recover(): Promise<void> {
    const { backends, commands } = this.service;
    // An operator who changes limits also changes the configuration file.
    const configured = this.backends.map((each) => {
      return { ...each, limits: this.shadow.places.get(each.name)?.backend.limits ?? each.limits };
    });
    await commands.recover((unit) => backends.configure(unit, configured));
  }

  private open(before?: SimRunners): void {
    const lifeline = new Lifeline();
    const recorder = new Recorder(
      (changes) => {
        this.commits += 1;
        this.laws.unit(changes);
      },
      () => {
        this.committedIds = this.ids;
      },
    );
    const writer = new Connection(this.folder, lifeline, recorder);
    const reader = new Connection(this.folder, lifeline, null);
    const plain = new Connection(this.folder, new Lifeline(), null);
    const queries = new SqliteStore(plain.source, plain.source);
    const store = observed(new SqliteStore(writer.source, reader.source), recorder);
    const runners = new SimRunners(this.clock, lifeline, this.begun);
    if (before !== undefined) runners.adopt(before.leftBehind());
    const ids = {
      uuid: () => `id-${String((this.ids += 1)).padStart(7, '0')}`,
      secret: () => 'secret',
    };
    const devices = { of: () => ({ configuration: {}, properties: {} }) };
    const settings = { fairShareWindow: window, defaultBackend: 'b0' };
    const memory = newProcessMemory();
    const commands = new Commands(store, this.clock, ids, runners, settings, drivers, memory);
    const backends = new BackendsService(commands, store, runners, devices, settings, drivers);
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
      this.clock,
      settings,
    );
    jobs.onModuleInit();
    const clock = new ClockService(this.clock, commands);
    const connections = [writer, reader, plain];
    this.service = {
      receipts,
      lifeline,
      runners,
      commands,
      backends,
      sessions,
      jobs,
      clock,
      store,
      queries,
      connections,
    };
  }

  private instance(id: string, i: number): Instance {
    const shares = this.setup.shares[i] ?? 1;
    this.shadow.shares.set(id, shares);
    const budget = this.setup.budgets[i] || null;
    if (budget !== null) this.shadow.budgets.set(id, budget);
    const most = mostPendingOf(shares);
    if (most !== null) this.shadow.mostPending.set(id, most);
    const plan = most === null ? {} : { maxPendingJobs: most };
    return { id, name: id, crn: `crn:${id}`, shares, budget, plan, sharing: 'see', createdAt: beginning };
  }
}

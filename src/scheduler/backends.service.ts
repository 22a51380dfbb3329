import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Backend, BackendStatus } from '../kernel/backend/backend.js';
import type { Snapshot } from '../kernel/choice/snapshot.js';
import { Refusal } from '../kernel/refusal.js';
import { Commands, SETTINGS, type SchedulerSettings } from './commands.service.js';
import { DEVICES, type Devices } from './devices.ports.js';
import { DRIVERS, type Drivers } from './drivers.ports.js';
import { RUNNERS, STORE, type Runners, type Store, type Tx } from './ports.js';
import type { Unit } from './unit.js';

export type NewBackend = Omit<Backend, 'status' | 'statusReason' | 'statusBy' | 'queuedJobs' | 'createdAt'>;

export interface BackendChange {
  readonly status?: BackendStatus;
  readonly statusReason?: string | null;
  readonly limits?: Backend['limits'];
}

const online = { status: 'online', statusReason: null, statusBy: 'operator' } as const;

/** The scarce things themselves: configuring, pausing and reading them. */
@Injectable()
export class BackendsService {
  private readonly logger = new Logger(BackendsService.name);

  constructor(
    private readonly commands: Commands,
    @Inject(STORE) private readonly store: Store,
    @Inject(RUNNERS) private readonly runners: Runners,
    @Inject(DEVICES) private readonly devices: Devices,
    @Inject(SETTINGS) private readonly settings: SchedulerSettings,
    @Inject(DRIVERS) private readonly drivers: Drivers,
  ) {}

  /** `by` stands in the event log. */
  create(asked: NewBackend, by?: string): Promise<Backend> {
    this.check(asked);
    return this.commands.run(async (unit) => {
      if ((await unit.tx.backends.find(asked.name)) !== null)
        throw new Refusal('backend_exists', { backend: asked.name });
      const fresh = { ...online, queuedJobs: 0, createdAt: unit.at };
      const backend = this.asDriverAllows({ ...asked, ...fresh }) ?? { ...asked, ...fresh };
      await unit.tx.backends.insert(backend);
      await unit.logAct('backend.created', { backend: backend.name }, null);
      return backend;
    }, by);
  }

  /**
   * Creates the backends of the configuration and brings those that exist up to date. An operator's status stays, but a
   * backend whose driver cannot run anything on this machine is offline, so that its jobs wait instead of failing.
   */
  async configure(unit: Unit, backends: readonly NewBackend[]): Promise<void> {
    for (const asked of backends) {
      this.check(asked);
      const known = await unit.tx.backends.find(asked.name);
      const fresh = { ...online, queuedJobs: 0, createdAt: unit.at };
      if (known === null) await unit.tx.backends.insert({ ...asked, ...fresh });
      else {
        await unit.tx.backends.save({ ...known, ...asked });
        // A slot that is taken away is promised to nobody any more; whom it was promised to waits with the others again.
        const gone = Array.from(
          { length: Math.max(0, known.slots - asked.slots) },
          (_, i) => asked.slots + i,
        );
        await unit.tx.backends.reserve(
          asked.name,
          gone.map((slot) => ({ slot, session: null })),
        );
      }
      unit.touch(asked.name);
    }
    const configured = new Set(backends.map(({ name }) => name));
    const others = (await unit.tx.backends.names()).filter((name) => !configured.has(name));
    if (others.length > 0) {
      this.logger.log(
        `Not in the configuration and still here: ${others.join(', ')}. DELETE /api/v1/admin/backends/NAME removes one.`,
      );
    }
    for (const name of await unit.tx.backends.names()) {
      const backend = await unit.tx.backends.find(name);
      const changed = backend === null ? null : this.asDriverAllows(backend);
      if (changed !== null) await unit.tx.backends.save(changed);
    }
  }

  /** Answers nothing: with the change waiting jobs may start, and a read that fails must not make it look failed. */
  change(name: string, change: (backend: Backend) => BackendChange, by?: string): Promise<void> {
    return this.commands.run(async (unit) => {
      const backend = await this.named(unit.tx, name);
      const asked = { ...backend, ...change(backend) };
      const isSame = asked.status === backend.status && asked.statusReason === backend.statusReason;
      const changed: Backend = { ...asked, statusBy: isSame ? backend.statusBy : 'operator' };
      const why = this.runners.unavailable(backend.driver);
      if (changed.status === 'online' && backend.status !== 'online' && why !== null)
        throw new Refusal('driver_unavailable', { backend: name, why });
      await unit.tx.backends.save(changed);
      if (changed.status !== backend.status)
        await unit.logAct(`backend.${changed.status}`, { backend: name }, changed.statusReason);
      if (JSON.stringify(changed.limits) !== JSON.stringify(backend.limits))
        await unit.logAct('backend.changed', { backend: name }, 'limits');
      unit.touch(name);
    }, by);
  }

  /** What was run and charged on it stays. */
  remove(name: string, by?: string): Promise<void> {
    return this.commands.run(async (unit) => {
      await this.named(unit.tx, name);
      if (await unit.tx.backends.isInUse(name)) throw new Refusal('backend_in_use', { backend: name });
      await unit.tx.backends.remove(name);
      await unit.logAct('backend.removed', { backend: name }, null);
    }, by);
  }

  list(): Promise<Backend[]> {
    return this.store.read.backends();
  }

  async get(name: string): Promise<Backend> {
    return (await this.store.read.backend(name)) ?? unknown(name, await this.list());
  }

  slots(backend: Backend): Promise<Snapshot['slots']> {
    return this.store.read.slots(backend);
  }

  /** Why this machine lacks what the backend's driver needs; null when it has it. */
  missing({ driver }: Backend): string | null {
    return this.runners.unavailable(driver);
  }

  /** A device that cannot be read is a mistake of whoever asks for it, not of those who list backends later. */
  check(asked: NewBackend): void {
    const { name, driver } = asked;
    const facts = this.drivers.find(driver);
    if (facts === null)
      throw new Refusal('unknown_driver', { backend: name, driver, known: this.drivers.names });
    facts.checkOptions(asked);
    if (this.devices.of(asked) !== null || !facts.needsDevice) return;
    throw new Refusal('device_missing', { backend: name });
  }

  private asDriverAllows(backend: Backend): Backend | null {
    const why = this.runners.unavailable(backend.driver);
    if (why !== null && backend.status === 'online') {
      const statusReason = `its driver cannot run: ${why}`;
      return { ...backend, status: 'offline', statusReason, statusBy: 'service' };
    }
    return why === null && backend.statusBy === 'service' ? { ...backend, ...online } : null;
  }

  /** The programs a driver runs; null when there is no such driver. */
  programs(driver: string): readonly string[] | null {
    return this.runners.programs(driver) ?? this.drivers.find(driver)?.programs ?? null;
  }

  /** Whether its jobs have no process and are played as their params say. */
  isPlayed({ driver }: Pick<Backend, 'driver'>): boolean {
    return this.drivers.find(driver)?.played === true;
  }

  /** Its options, with the driver's own values for those that the operator did not set. */
  optionsOf(backend: Pick<Backend, 'driver' | 'options'>): Backend['options'] {
    return this.drivers.find(backend.driver)?.optionsOf(backend) ?? backend.options;
  }

  /** The drivers that run all of these programs. */
  private driversFor(...programs: readonly string[]): readonly string[] {
    return this.drivers.names.filter((name) => {
      const known = this.programs(name) ?? [];
      return programs.every((program) => known.includes(program));
    });
  }

  /** Why none of these drivers can run anything on this machine; null where one can, or where there is none. */
  unavailableFor(...programs: readonly string[]): string | null {
    const whys = this.driversFor(...programs).map((driver) => this.runners.unavailable(driver));
    return whys.includes(null) ? null : (whys[0] ?? null);
  }

  /** The backends whose drivers run all of these programs. */
  async listFor(...programs: readonly string[]): Promise<Backend[]> {
    const able = this.driversFor(...programs);
    return (await this.list()).filter(({ driver }) => able.includes(driver));
  }

  /** The backend of that name, or the default one when none is named. */
  async named(tx: Tx, name: string | undefined): Promise<Backend> {
    const wanted = name ?? this.settings.defaultBackend ?? (await this.list())[0]?.name;
    if (wanted === undefined) throw new Refusal('no_backend', {});
    return (await tx.backends.find(wanted)) ?? unknown(wanted, await this.list());
  }
}

function unknown(name: string, others: readonly Backend[]): never {
  const some = others.slice(0, 10).map((backend) => backend.name);
  throw new Refusal('unknown_backend', { backend: name, known: some });
}

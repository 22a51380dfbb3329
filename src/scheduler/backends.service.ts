import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Backend, BackendStatus } from '../kernel/backend/backend.js';
import type { Snapshot } from '../kernel/choice/snapshot.js';
import { Refusal } from '../kernel/refusal.js';
import { Commands, SETTINGS, type SchedulerSettings } from './commands.service.js';
import { DEVICES, type Devices } from './devices.ports.js';
import { DRIVERS, type Drivers } from './drivers.ports.js';
import { RUNNERS, STORE, type Runners, type Store, type Tx } from './ports.js';
import type { UnitOfWork } from './unit-of-work.js';

export type NewBackend = Omit<Backend, 'status' | 'statusReason' | 'statusBy' | 'queuedJobs' | 'createdAt'>;

export interface BackendChange {
  readonly status?: BackendStatus;
  readonly statusReason?: string | null;
  readonly limits?: Backend['limits'];
}

const online = { status: 'online', statusReason: null, statusBy: 'operator' } as const;

/** Creates, configures, pauses and reads backends. */
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

  /** Creates a backend. The event log names `by` as the actor. */
  create(backend: NewBackend, by?: string): Promise<Backend> {
    this.check(backend);
    const { name } = backend;
    return this.commands.run(async (unit) => {
      if ((await unit.tx.backends.find(name)) !== null)
        throw new Refusal('backend_exists', { backend: name });
      const fresh = { ...backend, ...online, queuedJobs: 0, createdAt: unit.at };
      const created = this.asDriverAllows(fresh) ?? fresh;
      await unit.tx.backends.insert(created);
      await unit.logAdminAction('backend.created', { backend: name }, null);
      return created;
    }, by);
  }

  /**
   * Creates the configured backends and updates those that exist. An operator's status is kept, but a backend whose
   * driver cannot run on this machine goes offline, so that its jobs wait instead of failing.
   */
  async configure(unit: UnitOfWork, backends: readonly NewBackend[]): Promise<void> {
    for (const configured of backends) {
      this.check(configured);
      const { name } = configured;
      const stored = await unit.tx.backends.find(name);
      const fresh = { ...online, queuedJobs: 0, createdAt: unit.at };
      if (stored === null) await unit.tx.backends.insert({ ...configured, ...fresh });
      else {
        await unit.tx.backends.save({ ...stored, ...configured });
        // Clear the reservations of removed slots. The sessions they were reserved for wait with the others again.
        const removed = Array.from(
          { length: Math.max(0, stored.slots - configured.slots) },
          (_, i) => configured.slots + i,
        );
        await unit.tx.backends.reserve(
          name,
          removed.map((slot) => ({ slot, session: null })),
        );
      }
      unit.markForDispatch(name);
    }
    const names = new Set(backends.map(({ name }) => name));
    const others = (await unit.tx.backends.names()).filter((name) => !names.has(name));
    if (others.length > 0) {
      this.logger.log(
        `Stored but not in the configuration: ${others.join(', ')}. DELETE /api/v1/admin/backends/NAME removes one.`,
      );
    }
    for (const name of await unit.tx.backends.names()) {
      const backend = await unit.tx.backends.find(name);
      const changed = backend === null ? null : this.asDriverAllows(backend);
      if (changed !== null) await unit.tx.backends.save(changed);
    }
  }

  /** Changes a backend. Returns nothing, so that a failed read afterwards cannot hide a committed change. */
  change(name: string, change: (backend: Backend) => BackendChange, by?: string): Promise<void> {
    return this.commands.run(async (unit) => {
      const backend = await this.named(unit.tx, name);
      const merged = { ...backend, ...change(backend) };
      const isSame = merged.status === backend.status && merged.statusReason === backend.statusReason;
      const changed: Backend = { ...merged, statusBy: isSame ? backend.statusBy : 'operator' };
      const why = this.runners.unavailable(backend.driver);
      if (changed.status === 'online' && backend.status !== 'online' && why !== null)
        throw new Refusal('driver_unavailable', { backend: name, why });
      await unit.tx.backends.save(changed);
      if (changed.status !== backend.status)
        await unit.logAdminAction(`backend.${changed.status}`, { backend: name }, changed.statusReason);
      if (JSON.stringify(changed.limits) !== JSON.stringify(backend.limits))
        await unit.logAdminAction('backend.changed', { backend: name }, 'limits');
      unit.markForDispatch(name);
    }, by);
  }

  /** Removes a backend. Its jobs and charges are kept. */
  remove(name: string, by?: string): Promise<void> {
    return this.commands.run(async (unit) => {
      await this.named(unit.tx, name);
      if (await unit.tx.backends.isInUse(name)) throw new Refusal('backend_in_use', { backend: name });
      await unit.tx.backends.remove(name);
      await unit.logAdminAction('backend.removed', { backend: name }, null);
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

  /** Returns why this machine lacks what the backend's driver needs; null if it lacks nothing. */
  missing({ driver }: Backend): string | null {
    return this.runners.unavailable(driver);
  }

  /**
   * Refuses a backend with an unknown driver, wrong options or an unreadable device when it is configured, so that
   * listing backends never fails later.
   */
  check(backend: NewBackend): void {
    const { name, driver } = backend;
    const facts = this.drivers.find(driver);
    if (facts === null)
      throw new Refusal('unknown_driver', { backend: name, driver, known: this.drivers.names });
    facts.checkOptions(backend);
    if (this.devices.of(backend) !== null || !facts.needsDevice) return;
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

  /** Returns the programs that a driver runs; null if there is no such driver. */
  programs(driver: string): readonly string[] | null {
    return this.runners.programs(driver) ?? this.drivers.find(driver)?.programs ?? null;
  }

  /** Returns whether the driver's jobs have no process and are played according to their params. */
  isPlayed({ driver }: Pick<Backend, 'driver'>): boolean {
    return this.drivers.find(driver)?.played === true;
  }

  /** Returns the backend's options, with the driver's defaults for those that the operator did not set. */
  optionsOf(backend: Pick<Backend, 'driver' | 'options'>): Backend['options'] {
    return this.drivers.find(backend.driver)?.optionsOf(backend) ?? backend.options;
  }

  /** Returns the drivers that run all of these programs. */
  private driversFor(...programs: readonly string[]): readonly string[] {
    return this.drivers.names.filter((name) => {
      const known = this.programs(name) ?? [];
      return programs.every((program) => known.includes(program));
    });
  }

  /** Returns why no driver can run these programs on this machine; null if one can, or if no driver has them. */
  unavailableFor(...programs: readonly string[]): string | null {
    const reasons = this.driversFor(...programs).map((driver) => this.runners.unavailable(driver));
    return reasons.includes(null) ? null : (reasons[0] ?? null);
  }

  /** Returns the backends whose drivers run all of these programs. */
  async listFor(...programs: readonly string[]): Promise<Backend[]> {
    const able = this.driversFor(...programs);
    return (await this.list()).filter(({ driver }) => able.includes(driver));
  }

  /** Finds the backend of this name, or the default backend if no name is given. */
  async named(tx: Tx, name: string | undefined): Promise<Backend> {
    const backendName = name ?? this.settings.defaultBackend ?? (await this.list())[0]?.name;
    if (backendName === undefined) throw new Refusal('no_backend', {});
    return (await tx.backends.find(backendName)) ?? unknown(backendName, await this.list());
  }
}

function unknown(name: string, backends: readonly Backend[]): never {
  const known = backends.slice(0, 10).map((backend) => backend.name);
  throw new Refusal('unknown_backend', { backend: name, known });
}

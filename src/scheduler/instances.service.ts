import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../kernel/access/access.js';
import { Refusal } from '../kernel/refusal.js';
import type { Millis } from '../kernel/time.js';
import { reviewBudget } from './budget.js';
import { Commands, SETTINGS, type SchedulerSettings } from './commands.service.js';
import { CLOCK, STORE, type Clock, type Instance, type Store } from './ports.js';
import type { UnitOfWork } from './unit-of-work.js';

export type NewInstance = Pick<Instance, 'name' | 'shares' | 'budget' | 'plan' | 'sharing'>;

/** Creates, changes and reads instances. */
@Injectable()
export class InstancesService {
  private readonly names = new Map<string, string>();

  constructor(
    private readonly commands: Commands,
    @Inject(STORE) private readonly store: Store,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: SchedulerSettings,
  ) {}

  /** Creates an instance. The event log names `by` as the actor. */
  create(instance: NewInstance, by?: string): Promise<Instance> {
    const { name } = instance;
    if (name.startsWith('crn:')) throw new Refusal('instance_name_reserved', { name });
    return this.commands.run(async (unit) => {
      if ((await unit.tx.instances.findByName(name)) !== null) throw new Refusal('instance_exists', { name });
      return insert(unit, instance);
    }, by);
  }

  /**
   * Changes an instance at once: its sessions close if the new budget is used up, and jobs start that the old budget
   * kept waiting.
   */
  change(id: string, change: Partial<Omit<NewInstance, 'name'>>, by?: string): Promise<Instance> {
    return this.commands.run(async (unit) => {
      const before = await unit.tx.instances.find(id);
      if (before === null) throw new Refusal('unknown_instance', { instance: id });
      const instance = { ...before, ...change };
      await unit.tx.instances.save(instance);
      if (instance.budget === null) await unit.saveBudgetDeadline(id, null);
      else await reviewBudget(unit, id, unit.at);
      for (const backend of await unit.tx.backends.names()) unit.markForDispatch(backend);
      const changed = Object.keys(change).join(', ');
      if (changed !== '') await unit.logAdminAction('instance.changed', { instance: id }, changed);
      return instance;
    }, by);
  }

  list(): Promise<Instance[]> {
    return this.store.read.instances();
  }

  async get(id: string): Promise<Instance> {
    const instance = await this.store.read.instance(id);
    if (instance === null) throw new Refusal('unknown_instance', { instance: id });
    return instance;
  }

  /** Returns the names of these instances by id. They are cached, because a name never changes. */
  async namesOf(ids: readonly (string | null)[]): Promise<ReadonlyMap<string, string>> {
    if (ids.some((id) => id !== null && !this.names.has(id)))
      for (const { id, name } of await this.list()) this.names.set(id, name);
    return this.names;
  }

  /** Returns why `actor` cannot act for the instance that the header or the body of a request names. */
  async refuseInstance(
    actor: Pick<Actor, 'role' | 'instance'>,
    where: 'header' | 'body',
    requested: string,
  ): Promise<Refusal> {
    const { name, crn } = actor.instance;
    const own = { name, crn };
    if (actor.role !== 'admin') return new Refusal('other_instance', { instance: requested, own });
    const match = (await this.list()).find((other) => other.crn === requested || other.name === requested);
    if (match === undefined) return new Refusal('other_instance_unknown', { instance: requested });
    return match.name === requested
      ? new Refusal('other_instance_by_name', { name: requested, crn: match.crn, where })
      : new Refusal('other_instance_unannounced', { own, other: { name: match.name, crn: match.crn } });
  }

  /** Returns what the instance was charged in the fair-share window until now, including what accrues. */
  async charged(id: string): Promise<{ charged: Millis; from: Millis; to: Millis }> {
    const to = this.clock.now();
    const from = to - this.settings.fairShareWindow;
    return { charged: await this.store.read.charged(id, from, to), from, to };
  }

  /** Finds an instance by name or CRN. An unknown name becomes an instance with one share. */
  async findOrCreate(unit: UnitOfWork, name: string): Promise<Instance> {
    if (name.startsWith('crn:')) {
      const known = await this.store.read.instanceByCrn(name);
      if (known !== null) return known;
      throw new Refusal('unknown_crn', { crn: name });
    }
    return (
      (await unit.tx.instances.findByName(name)) ??
      insert(unit, { name, shares: 1, budget: null, plan: {}, sharing: 'see' })
    );
  }
}

async function insert(unit: UnitOfWork, settings: NewInstance): Promise<Instance> {
  const id = unit.ids.uuid();
  const instance: Instance = { ...settings, id, crn: crnOf(id), createdAt: unit.at };
  await unit.tx.instances.insert(instance);
  await unit.logAdminAction('instance.created', { instance: id }, instance.name);
  return instance;
}

/** Ten fields, because clients split a CRN at its colons. The sixth is a region, the eighth is ours. */
const crnOf = (id: string): string => `crn:v1:bluemix:public:quantum-computing:us-east:a/stint:${id}::`;

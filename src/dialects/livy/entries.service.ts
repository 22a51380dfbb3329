import { BadRequestException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import type { Actor, Owned } from '../../kernel/access/access.js';
import type { Backend } from '../../kernel/backend/backend.js';
import type { Job } from '../../kernel/job/job.js';
import type { Millis } from '../../kernel/time.js';
import { BackendsService } from '../../scheduler/backends.service.js';
import type { LivyPage, LivyType } from '../../scheduler/livy.ports.js';
import { CLOCK, INTERPRETERS, STORE } from '../../scheduler/ports.js';
import type { Clock, Interpreters, JobDetails, Store } from '../../scheduler/ports.js';
import { SharingService } from '../../scheduler/sharing.service.js';
import type { Unit } from '../../scheduler/unit.js';
import { rejected } from './spark-settings.js';
import { logLines } from './wire.js';

/** What the dialect needs to know of the configuration. */
export interface LivySettings {
  /** Where sessions go that name none with `conf["stint.backend"]`; null: to the first backend for Spark. */
  readonly backend: string | null;
  /** How long an ended session or batch is shown (Livy dialect, retention). */
  readonly retain: Millis;
}
export const LIVY_SETTINGS = Symbol('LivySettings');

/** What a driver must run to be one for this dialect. */
const programs = ['interpreter', 'statement', 'batch'];
/** Names the backend of a session; not a property of Spark's and not handed on. */
export const backendKey = 'stint.backend';

export const noDetails: JobDetails = {
  tags: [],
  logLevel: 'warning',
  private: false,
  calibrationId: null,
  runtime: null,
  cost: null,
};

/** A number where it is all digits, else a name (Livy dialect, session endpoints). */
export const keyOf = (id: string): number | string => (/^\d{1,15}$/.test(id) ? Number(id) : id);

/** What sessions and batches share: numbers and names, the backend they run on, and their logs. */
@Injectable()
export class LivyEntries {
  constructor(
    private readonly backends: BackendsService,
    private readonly sharing: SharingService,
    @Inject(STORE) private readonly store: Store,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(INTERPRETERS) private readonly interpreters: Interpreters,
    @Inject(LIVY_SETTINGS) private readonly settings: LivySettings,
  ) {}

  /** Moments up to which an ended session or batch is no longer shown. */
  get endedAfter(): Millis {
    return this.clock.now() - this.settings.retain;
  }

  async pageFor(actor: Actor, from: number, size: number): Promise<LivyPage> {
    if (from < 0 || size < 0) throw new BadRequestException('from and size must not be negative.');
    const onlyOf = await this.sharing.onlyOf(actor);
    return { instance: this.instanceOf(actor), onlyOf, endedAfter: this.endedAfter, from, size };
  }

  /** Whose sessions and batches this actor sees; undefined: all. */
  instanceOf(actor: Actor): string | undefined {
    return actor.role === 'admin' ? undefined : actor.instance.id;
  }

  /** Unknown and another instance's are the same to who asks. Of one that they know they learn when and why it ended. */
  unknown(id: string, end?: { readonly at: Millis | null; readonly why: string | null }): NotFoundException {
    const when = end?.at == null ? '' : ` at ${new Date(end.at).toISOString()}`;
    const why = end?.why == null ? '' : `: ${end.why}`;
    return new NotFoundException(
      `Session '${id}' not found.${end === undefined ? '' : ` It ended${when}${why}.`}`,
    );
  }

  /** A session or batch has code and output in it: in a private instance those of colleagues are hidden whole. */
  visible(actor: Actor, owned: Owned): Promise<boolean> {
    return this.sharing.mayRead(actor, owned);
  }

  /** The Spark backend that is asked for, or the one that is configured for it. */
  async backendFor(unit: Unit, named: string | null | undefined): Promise<Backend> {
    const missing = this.backends.unavailableFor(...programs);
    if (missing !== null) throw rejected(`${missing}.`);
    const wanted = named ?? this.settings.backend;
    const names = (await this.backends.listFor(...programs)).map(({ name }) => name);
    const name = wanted ?? names[0];
    if (name === undefined) throw rejected('no backend for Spark is configured here.');
    if (!names.includes(name))
      throw rejected(`there is no Spark backend ${name}. There are: ${names.join(', ')}.`);
    const backend = await this.backends.named(unit.tx, name);
    return { ...backend, options: this.backends.optionsOf(backend) };
  }

  /** Forgets what ended longer ago than it is shown, a little at a time: what nobody can read is not kept. */
  sweep(unit: Unit): Promise<void> {
    return unit.tx.livy.sweep(unit.at - this.settings.retain, unit.at);
  }

  /** A name is unique among those of its type and instance that are still shown, and no number. */
  async checkName(
    unit: Unit,
    type: LivyType,
    name: string | null | undefined,
    instance: string,
  ): Promise<void> {
    if (name == null) return;
    if (name === '' || /^\d+$/.test(name)) throw rejected(`Invalid session name: ${name}`);
    const holder = await unit.tx.livy.named(type, name, instance, unit.at - this.settings.retain);
    if (holder !== null) throw rejected(`Duplicate session name: Some(${name}) for session ${holder.number}`);
  }

  /** The last lines of a process, or those that were kept when it ended. */
  async log(id: string, job: Job['id'], lines?: number): Promise<string[]> {
    const live = await this.interpreters.log(id, lines);
    const kept = await this.store.read.logs(job);
    // What was kept comes first: the files of a process that has just ended may be half removed.
    const of = (level: 'stdout' | 'stderr') => {
      const stored = kept.flatMap((line) => (line.level === level ? line.text.split('\n') : []));
      return stored.length > 0 ? stored : (live?.[level] ?? []);
    };
    return logLines({ stdout: of('stdout'), stderr: of('stderr') });
  }
}

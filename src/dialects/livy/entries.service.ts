import { BadRequestException, Inject, Injectable, NotFoundException } from '@nestjs/common';
import type { Actor, Owned } from '../../kernel/access/access.js';
import type { Backend } from '../../kernel/backend/backend.js';
import type { Job } from '../../kernel/job/job.js';
import type { Millis } from '../../kernel/time.js';
import { BackendsService } from '../../scheduler/backends.service.js';
import type { LivyPage, LivyType } from './storage/ports.js';
import { CLOCK, INTERPRETERS, STORE } from '../../scheduler/ports.js';
import type { Clock, Interpreters, JobDetails, Store } from '../../scheduler/ports.js';
import { SharingService } from '../../scheduler/sharing.service.js';
import type { UnitOfWork } from '../../scheduler/unit-of-work.js';
import { rejected } from './spark-settings.js';
import { logLines } from './wire.js';
import { livyStore } from './storage/store.js';

/** The part of the configuration that the services of the dialect use. */
export interface LivySettings {
  /** Backend of sessions that name none with `conf["stint.backend"]`; null means the first Spark backend. */
  readonly backend: string | null;
  /** How long a session or batch is shown after its end (Livy dialect, retention). */
  readonly retain: Millis;
}
export const LIVY_SETTINGS = Symbol('LivySettings');

/** Programs that a backend must have to be a Spark backend. */
const programs = ['interpreter', 'statement', 'batch'];
/** The member of `conf` that names the backend of a session. It is not a property of Spark and is not passed on. */
export const backendKey = 'stint.backend';

export const noDetails: JobDetails = {
  tags: [],
  logLevel: 'warning',
  private: false,
  calibrationId: null,
  runtime: null,
  cost: null,
};

/** Returns a number if the id is all digits, else a name (Livy dialect, session endpoints). */
export const keyOf = (id: string): number | string => (/^\d{1,15}$/.test(id) ? Number(id) : id);

/** The common parts of sessions and batches: numbers and names, their backend, and their logs. */
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

  /** The start of the retention period: sessions and batches that ended before it are no longer shown. */
  get endedAfter(): Millis {
    return this.clock.now() - this.settings.retain;
  }

  async pageFor(actor: Actor, from: number, size: number): Promise<LivyPage> {
    if (from < 0 || size < 0) throw new BadRequestException('from and size must not be negative.');
    const onlyOf = await this.sharing.visibleUser(actor);
    return { instance: this.instanceOf(actor), onlyOf, endedAfter: this.endedAfter, from, size };
  }

  /** Returns the instance whose sessions and batches the actor sees; undefined means all instances. */
  instanceOf(actor: Actor): string | undefined {
    return actor.role === 'admin' ? undefined : actor.instance.id;
  }

  /**
   * Returns the error for an unknown id or one of another instance. `end` is when and why the session or batch ended,
   * if the actor may know.
   */
  notFound(id: string, end?: { readonly at: Millis | null; readonly why: string | null }): NotFoundException {
    const endTime = end?.at == null ? '' : ` at ${new Date(end.at).toISOString()}`;
    const why = end?.why == null ? '' : `: ${end.why}`;
    return new NotFoundException(
      `Session '${id}' not found.${end === undefined ? '' : ` It ended${endTime}${why}.`}`,
    );
  }

  /**
   * Returns whether the actor may see a session or batch. A private instance hides the sessions and batches of
   * colleagues, with all code and output.
   */
  isVisible(actor: Actor, owned: Owned): Promise<boolean> {
    return this.sharing.mayRead(actor, owned);
  }

  /** Returns the backend that a request names, else the configured one, else the first Spark backend. */
  async backendFor(unit: UnitOfWork, requested: string | null | undefined): Promise<Backend> {
    const missing = this.backends.unavailableFor(...programs);
    if (missing !== null) throw rejected(`${missing}.`);
    const names = (await this.backends.listFor(...programs)).map(({ name }) => name);
    const name = requested ?? this.settings.backend ?? names[0];
    if (name === undefined) throw rejected('no backend for Spark is configured here.');
    if (!names.includes(name))
      throw rejected(`there is no Spark backend ${name}. There are: ${names.join(', ')}.`);
    const backend = await this.backends.named(unit.tx, name);
    return { ...backend, options: this.backends.optionsOf(backend) };
  }

  /** Deletes a few sessions whose retention is over, because nobody can read them. */
  sweep(unit: UnitOfWork): Promise<void> {
    return livyStore(unit.tx).sweep(unit.at - this.settings.retain, unit.at);
  }

  /**
   * Refuses a name that is empty, a number, or used by another entry of the same type and instance that is still shown.
   */
  async checkName(
    unit: UnitOfWork,
    type: LivyType,
    name: string | null | undefined,
    instance: string,
  ): Promise<void> {
    if (name == null) return;
    if (name === '' || /^\d+$/.test(name)) throw rejected(`Invalid session name: ${name}`);
    const holder = await livyStore(unit.tx).findByName(type, name, instance, unit.at - this.settings.retain);
    if (holder !== null) throw rejected(`Duplicate session name: Some(${name}) for session ${holder.number}`);
  }

  /** Returns the last lines of a process, or the lines that were stored when it ended. */
  async log(id: string, job: Job['id'], lines?: number): Promise<string[]> {
    const live = await this.interpreters.log(id, lines);
    const records = await this.store.read.logs(job);
    // Use the stored lines first, because the files of a process that has just ended may be partly deleted.
    const linesOf = (level: 'stdout' | 'stderr') => {
      const stored = records.flatMap((line) => (line.level === level ? line.text.split('\n') : []));
      return stored.length > 0 ? stored : (live?.[level] ?? []);
    };
    return logLines({ stdout: linesOf('stdout'), stderr: linesOf('stderr') });
  }
}

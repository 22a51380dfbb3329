import { Inject, Injectable } from '@nestjs/common';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { concatMap, filter, firstValueFrom, startWith } from 'rxjs';
import { nameOf, type Actor } from '../../kernel/access/access.js';
import { isFinal } from '../../kernel/job/job.js';
import type { Millis } from '../../kernel/time.js';
import { Commands } from '../../scheduler/commands.service.js';
import { JobsService } from '../../scheduler/jobs.service.js';
import { wholeOf } from '../../scheduler/long-text.js';
import type {
  Found,
  Model,
  ModelFilter,
  NexosisReads,
  StatusMessage,
} from '../../scheduler/nexosis.ports.js';
import { STORE, type JobRecord, type Store } from '../../scheduler/ports.js';
import { checkDeletes } from './deletable.js';
import { invalidField, NexosisError, notFound } from './errors.js';
import { isObject } from './fields.js';
import { LearnSessionsService, plainDetails } from './sessions.service.js';
import { NEXOSIS, type NexosisSettings } from './settings.js';

export interface Predicted {
  readonly rows: readonly Record<string, string>[];
  readonly messages: readonly StatusMessage[];
}

interface Which {
  readonly source?: string | undefined;
  readonly from?: Millis | undefined;
  readonly to?: Millis | undefined;
}

/** Models, and predicting with them. */
@Injectable()
export class ModelsService {
  constructor(
    private readonly commands: Commands,
    private readonly jobs: JobsService,
    private readonly sessions: LearnSessionsService,
    @Inject(STORE) private readonly store: Store,
    @Inject(NEXOSIS) private readonly settings: NexosisSettings,
  ) {}

  private get read(): NexosisReads {
    return this.store.read.nexosis;
  }

  async get(actor: Actor, id: string): Promise<Model> {
    const model = await this.read.model(id);
    if (model === null || model.instance !== actor.instance.id) throw notFound('model', id);
    return model;
  }

  list(filter: ModelFilter): Promise<Found<Model>> {
    return this.read.models(filter);
  }

  async remove(actor: Actor, id: string): Promise<void> {
    checkDeletes(actor, await this.get(actor, id), `Model ${id}`);
    await this.commands.run((unit) => unit.tx.nexosis.models.remove(id), nameOf(actor));
    await rm(join(this.settings.data, 'models', `${id}.skops`), { force: true });
  }

  async removeSome(actor: Actor, which: Which): Promise<void> {
    for (const { id } of await this.removable(actor, which)) await this.remove(actor, id);
  }

  /** Those that are found, if all of them may be deleted; else none is. */
  async removable(actor: Actor, which: Which): Promise<Model[]> {
    const filter = { ...which, instance: actor.instance.id, sortBy: 'id', descending: false } as const;
    const found: Model[] = [];
    for (;;) {
      const { items } = await this.list({ ...filter, limit: 500, offset: found.length });
      for (const model of items) checkDeletes(actor, model, `Model ${model.id}`);
      found.push(...items);
      if (items.length < 500) return found;
    }
  }

  /**
   * Answers when the prediction is made. It is a lone job like any other, so that it is queued, limited and charged by the
   * same rules, but on a backend that keeps a worker ready for it; and it is forgotten once answered.
   */
  async predict(actor: Actor, model: Model, rows: readonly unknown[], scores: boolean): Promise<Predicted> {
    const backend = await this.sessions.backend(true);
    // Nobody knows for how long, and the request would stay open until then.
    if (backend.status !== 'online')
      throw new NexosisError(
        503,
        'Unavailable',
        `Predictions are made on backend ${backend.name}, and that is ${backend.status}: ${backend.statusReason ?? 'no reason was given'}`,
      );
    const { id } = await this.jobs.submit(actor, {
      program: 'predict',
      backend: backend.name,
      session: undefined,
      maxExecutionTime: undefined,
      params: JSON.stringify({ model: model.id, rows, scores }),
      details: plainDetails,
    });
    const job = await this.ended(id);
    const stored = await this.store.read.result(id);
    // Before the job goes, and its texts with it.
    const result = stored === null ? null : await wholeOf(stored);
    await this.commands.run(async (unit) => {
      await unit.tx.jobs.remove(id);
      if (job.state !== 'completed') return;
      await unit.tx.nexosis.models.used(model.id, unit.at);
      await unit.tx.nexosis.countPredictions(actor.instance.id, rows.length);
    });
    if (job.state === 'completed' && result !== null) return readPrediction(result);
    // Without a traceback it was the rows that the worker could not use.
    if (job.state === 'failed' && result === null)
      throw invalidField('data', job.reason ?? 'It cannot be used.');
    throw new Error(`Predicting with model ${model.id} ended ${job.state}: ${job.reason ?? 'no reason'}`);
  }

  private ended(id: string): Promise<JobRecord> {
    return firstValueFrom(
      this.commands.changes.pipe(
        startWith(undefined),
        concatMap(() => this.store.read.job(id)),
        filter((job): job is JobRecord => job !== null && isFinal(job.state)),
      ),
    );
  }
}

function readPrediction(result: string): Predicted {
  const said: unknown = JSON.parse(result);
  const { rows, messages } = isObject(said) ? said : {};
  const texts = (row: unknown) =>
    Object.fromEntries(
      Object.entries(isObject(row) ? row : {}).map(([name, value]) => [
        name,
        value === null ? '' : String(value),
      ]),
    );
  return {
    rows: (Array.isArray(rows) ? rows : []).map(texts),
    messages: Array.isArray(messages) ? (messages as StatusMessage[]) : [],
  };
}

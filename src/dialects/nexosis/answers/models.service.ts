import { Inject, Injectable } from '@nestjs/common';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { concatMap, filter, firstValueFrom, startWith } from 'rxjs';
import { actorName, type Actor } from '../../../kernel/access/access.js';
import { isFinal } from '../../../kernel/job/job.js';
import type { Millis } from '../../../kernel/time.js';
import { Commands } from '../../../scheduler/commands.service.js';
import { JobsService } from '../../../scheduler/jobs.service.js';
import { wholeOf } from '../../../scheduler/long-text.js';
import type { Matches, Model, ModelFilter, NexosisReads, StatusMessage } from '../storage/ports.js';
import { STORE, type JobRecord, type Store } from '../../../scheduler/ports.js';
import { checkMayDelete } from '../data/deletable.js';
import { invalidField, NexosisError, notFound } from '../wire/errors.js';
import { isObject } from '../wire/fields.js';
import { LearnSessionsService, plainDetails } from './sessions.service.js';
import { NEXOSIS, type NexosisSettings } from '../settings.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';

export interface Prediction {
  readonly rows: readonly Record<string, string>[];
  readonly messages: readonly StatusMessage[];
}

interface ModelSelection {
  readonly source?: string | undefined;
  readonly from?: Millis | undefined;
  readonly to?: Millis | undefined;
}

/** Reads and deletes models, and predicts with them. */
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
    return nexosisReads(this.store.read);
  }

  async get(actor: Actor, id: string): Promise<Model> {
    const model = await this.read.model(id);
    if (model === null || model.instance !== actor.instance.id) throw notFound('model', id);
    return model;
  }

  list(filter: ModelFilter): Promise<Matches<Model>> {
    return this.read.models(filter);
  }

  async remove(actor: Actor, id: string): Promise<void> {
    checkMayDelete(actor, await this.get(actor, id), `Model ${id}`);
    await this.commands.run((unit) => nexosisStore(unit.tx).models.remove(id), actorName(actor));
    await rm(join(this.settings.data, 'models', `${id}.skops`), { force: true });
  }

  async removeSome(actor: Actor, selection: ModelSelection): Promise<void> {
    for (const { id } of await this.removable(actor, selection)) await this.remove(actor, id);
  }

  /** Returns the models of a selection. Throws if the actor may not delete all of them. */
  async removable(actor: Actor, selection: ModelSelection): Promise<Model[]> {
    const filter = { ...selection, instance: actor.instance.id, sortBy: 'id', descending: false } as const;
    const models: Model[] = [];
    for (let offset = 0; ; offset += 500) {
      const { items, total } = await this.list({ ...filter, limit: 500, offset });
      for (const model of items) checkMayDelete(actor, model, `Model ${model.id}`);
      models.push(...items);
      if (offset + 500 >= total) return models;
    }
  }

  /**
   * Resolves with a prediction. It is a lone job, so the same rules queue, limit and charge it, but it runs on a
   * backend that keeps a worker ready for it. The job is deleted afterwards.
   */
  async predict(actor: Actor, model: Model, rows: readonly unknown[], scores: boolean): Promise<Prediction> {
    const backend = await this.sessions.backend(true);
    // Otherwise the request would stay open until the backend is online again, for an unknown time.
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
    const job = await this.finalJob(id);
    const stored = await this.store.read.result(id);
    // Read before the job is deleted, because its texts are deleted with it.
    const result = stored === null ? null : await wholeOf(stored);
    await this.commands.run(async (unit) => {
      await unit.tx.jobs.remove(id);
      if (job.state !== 'completed') return;
      await nexosisStore(unit.tx).models.used(model.id, unit.at);
      await nexosisStore(unit.tx).countPredictions(actor.instance.id, rows.length);
    });
    if (job.state === 'completed' && result !== null) return readPrediction(result);
    // A failure without a traceback means that the worker could not use the rows.
    if (job.state === 'failed' && result === null)
      throw invalidField('data', job.reason ?? 'The rows cannot be used.');
    throw new Error(`Predicting with model ${model.id} ended ${job.state}: ${job.reason ?? 'no reason'}`);
  }

  private finalJob(id: string): Promise<JobRecord> {
    return firstValueFrom(
      this.commands.changes.pipe(
        startWith(undefined),
        concatMap(() => this.store.read.job(id)),
        filter((job): job is JobRecord => job !== null && isFinal(job.state)),
      ),
    );
  }
}

function readPrediction(result: string): Prediction {
  const parsed: unknown = JSON.parse(result);
  const { rows, messages } = isObject(parsed) ? parsed : {};
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

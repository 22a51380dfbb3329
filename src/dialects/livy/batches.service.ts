import { Inject, Injectable } from '@nestjs/common';
import { mayEnd, actorName, type Actor } from '../../kernel/access/access.js';
import { isFinal } from '../../kernel/job/job.js';
import { Commands } from '../../scheduler/commands.service.js';
import { JobsService } from '../../scheduler/jobs.service.js';
import type { LivyBatch } from './storage/ports.js';
import { isBatchShown } from './storage/retention.js';
import { INTERPRETERS, STORE, type Interpreters, type Store } from '../../scheduler/ports.js';
import { ReceiptsService, type SubmitKey } from '../../scheduler/receipts.service.js';
import { failureReason } from './endings.js';
import { backendKey, keyOf, LivyEntries, noDetails } from './entries.service.js';
import { forbidEnd } from './refusals.js';
import type { BatchRequest } from './requests.dto.js';
import { allowedFile, rejected, sparkSettings } from './spark-settings.js';
import { batchState, fromBatch } from './wire.js';
import { livyReads, livyStore } from './storage/store.js';

/** Log lines in the answer about a batch. */
const logLinesInAnswer = 10;

/** Livy's batches: lone jobs that run a file with spark-submit and each take a slot. */
@Injectable()
export class LivyBatches {
  constructor(
    private readonly entries: LivyEntries,
    private readonly commands: Commands,
    private readonly jobs: JobsService,
    private readonly receipts: ReceiptsService,
    @Inject(STORE) private readonly store: Store,
    @Inject(INTERPRETERS) private readonly interpreters: Interpreters,
  ) {}

  async submit(actor: Actor, request: BatchRequest, submit: SubmitKey): Promise<LivyBatch> {
    const { file } = request;
    if (file == null || file === '') throw rejected('requirement failed: File is required.');
    const number = await this.commands.run(async (unit) => {
      const earlier = await this.receipts.findEarlier(unit, submit);
      const existing = earlier === null ? null : await livyStore(unit.tx).bySubject('batch', earlier);
      if (existing !== null) return existing.number;
      await this.entries.checkName(unit, 'batch', request.name, actor.instance.id);
      const { [backendKey]: backendName, ...conf } = request.conf ?? {};
      const backend = await this.entries.backendFor(unit, backendName);
      const number = await livyStore(unit.tx).nextNumber('batch');
      const settings = sparkSettings({ ...request, conf }, backend, `livy-batch-${number}`);
      const main = allowedFile(file, backend);
      const program = {
        file: main.file,
        resolved: [...settings.resolved, ...main.resolved],
        class_name: request.className ?? null,
        args: request.args ?? [],
      };
      const job = await this.jobs.submitIn(unit, actor, {
        ...{ program: 'batch', backend: backend.name, session: undefined, maxExecutionTime: undefined },
        ...{ params: JSON.stringify({ ...settings, ...program }), details: noDetails },
      });
      await livyStore(unit.tx).insert({
        ...{ type: 'batch', number, subject: job.id, job: job.id, instance: job.instance },
        ...{ name: request.name ?? null, request: { ...request } },
      });
      await this.receipts.store(unit, submit, job.id);
      return number;
    }, actorName(actor));
    return this.find(actor, String(number));
  }

  async find(actor: Actor, id: string): Promise<LivyBatch> {
    const batch = await livyReads(this.store.read).batch(keyOf(id), this.entries.instanceOf(actor));
    if (batch === null || !(await this.entries.isVisible(actor, batch.run))) throw this.entries.notFound(id);
    if (batch.removedAt !== null || !isBatchShown(batch.run, this.entries.endedAfter))
      throw this.entries.notFound(id, { at: batch.run.endedAt, why: failureReason(batch.run) });
    return batch;
  }

  async list(actor: Actor, from: number, size: number) {
    const { items, total } = await livyReads(this.store.read).batches(
      await this.entries.pageFor(actor, from, size),
    );
    return { from, total, sessions: await Promise.all(items.map((batch) => this.toAnswer(batch))) };
  }

  async toAnswer(batch: LivyBatch) {
    return fromBatch(batch, (await this.log(batch)).slice(-logLinesInAnswer));
  }

  state = ({ number, run }: LivyBatch) => ({ id: number, state: batchState(run) });

  log({ run }: LivyBatch): Promise<string[]> {
    return this.entries.log(run.id, run.id);
  }

  /** Cancels the batch if it has not ended, waits until its process has ended, and deletes the batch. */
  async remove(actor: Actor, id: string): Promise<void> {
    const { run, number } = await this.find(actor, id);
    if (!mayEnd(actor, run)) throw forbidEnd(`Batch ${id}`, run.user);
    if (!isFinal(run.state)) {
      await this.jobs.cancel(actor, run.id).catch(async (error: unknown) => {
        if (!isFinal((await this.jobs.get(actor, run.id)).state)) throw error;
      });
    }
    await this.interpreters.whenEnded(run.id);
    await this.commands.run((unit) => livyStore(unit.tx).remove('batch', number, unit.at));
  }
}

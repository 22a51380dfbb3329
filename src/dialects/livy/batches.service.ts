import { Inject, Injectable } from '@nestjs/common';
import { mayEnd, nameOf, type Actor } from '../../kernel/access/access.js';
import { isFinal } from '../../kernel/job/job.js';
import { Commands } from '../../scheduler/commands.service.js';
import { JobsService } from '../../scheduler/jobs.service.js';
import type { LivyBatch } from './storage/ports.js';
import { INTERPRETERS, STORE, type Interpreters, type Store } from '../../scheduler/ports.js';
import { ReceiptsService, type SubmitKey } from '../../scheduler/receipts.service.js';
import { failureReason } from './endings.js';
import { backendKey, keyOf, LivyEntries, noDetails } from './entries.service.js';
import { forbidEnd } from './refusals.js';
import type { BatchRequest } from './requests.dto.js';
import { allowedFile, rejected, sparkSettings } from './spark-settings.js';
import { batchState, fromBatch } from './wire.js';
import { livyReads, livyStore } from './storage/store.js';

const linesShown = 10;

/** Livy's batches: lone jobs that run a file with spark-submit, each in a slot. */
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

  async submit(actor: Actor, asked: BatchRequest, submit: SubmitKey): Promise<LivyBatch> {
    const { file } = asked;
    if (file == null || file === '') throw rejected('requirement failed: File is required.');
    const number = await this.commands.run(async (unit) => {
      const earlier = await this.receipts.earlier(unit, submit);
      const known = earlier === null ? null : await livyStore(unit.tx).bySubject('batch', earlier);
      if (known !== null) return known.number;
      await this.entries.checkName(unit, 'batch', asked.name, actor.instance.id);
      const { [backendKey]: named, ...conf } = asked.conf ?? {};
      const backend = await this.entries.backendFor(unit, named);
      const number = await livyStore(unit.tx).nextNumber('batch');
      const settings = sparkSettings({ ...asked, conf }, backend, `livy-batch-${number}`);
      const own = allowedFile(file, backend);
      const what = {
        file: own.file,
        resolved: [...settings.resolved, ...own.resolved],
        class_name: asked.className ?? null,
        args: asked.args ?? [],
      };
      const job = await this.jobs.submitIn(unit, actor, {
        ...{ program: 'batch', backend: backend.name, session: undefined, maxExecutionTime: undefined },
        ...{ params: JSON.stringify({ ...settings, ...what }), details: noDetails },
      });
      await livyStore(unit.tx).insert({
        ...{ type: 'batch', number, subject: job.id, job: job.id, instance: job.instance },
        ...{ name: asked.name ?? null, asked: { ...asked } },
      });
      await this.receipts.keep(unit, submit, job.id);
      return number;
    }, nameOf(actor));
    return this.find(actor, String(number));
  }

  async find(actor: Actor, id: string): Promise<LivyBatch> {
    const found = await livyReads(this.store.read).batch(keyOf(id), this.entries.instanceOf(actor));
    if (found === null || !(await this.entries.visible(actor, found.run))) throw this.entries.unknown(id);
    const { endedAt } = found.run;
    const isOver = endedAt !== null && endedAt <= this.entries.endedAfter;
    if (found.removedAt !== null || isOver)
      throw this.entries.unknown(id, { at: endedAt, why: failureReason(found.run) });
    return found;
  }

  async list(actor: Actor, from: number, size: number) {
    const { items, total } = await livyReads(this.store.read).batches(
      await this.entries.pageFor(actor, from, size),
    );
    return { from, total, sessions: await Promise.all(items.map((batch) => this.shown(batch))) };
  }

  async shown(batch: LivyBatch) {
    return fromBatch(batch, (await this.log(batch)).slice(-linesShown));
  }

  state = ({ number, run }: LivyBatch) => ({ id: number, state: batchState(run) });

  log({ run }: LivyBatch): Promise<string[]> {
    return this.entries.log(run.id, run.id);
  }

  /** Ends the batch where it still runs, answers when its process is gone, and forgets it. */
  async remove(actor: Actor, id: string): Promise<void> {
    const { run, number } = await this.find(actor, id);
    if (!mayEnd(actor, run)) throw forbidEnd(`Batch ${id}`, run.user);
    if (!isFinal(run.state)) {
      await this.jobs.cancel(actor, run.id).catch(async (error: unknown) => {
        if (!isFinal((await this.jobs.get(actor, run.id)).state)) throw error;
      });
    }
    await this.interpreters.gone(run.id);
    await this.commands.run((unit) => livyStore(unit.tx).remove('batch', number, unit.at));
  }
}

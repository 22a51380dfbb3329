import { Inject, Injectable, Logger } from '@nestjs/common';
import { actorName, type Actor } from '../../../kernel/access/access.js';
import { Commands } from '../../../scheduler/commands.service.js';
import type { DataSet, NewRow, Range, Upsert } from '../storage/ports.js';
import { STORE, type Store } from '../../../scheduler/ports.js';
import { maxRowsAtOnce, rowsPerBatch, storedRows } from './stored-rows.js';
import { closeTally, noTally, addToTally, type Tally } from './tally.js';
import { identifier, rowMaker, type Plan, type Upload } from './upload.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';

/** A data set while an upload is stored. */
export interface UploadProgress {
  readonly dataSet: DataSet;
  readonly tally: Tally;
}

/** Writes data sets in small transactions. Callers of all methods but `purge` hold the lock on the data set's name. */
@Injectable()
export class DataSetWriter {
  private readonly logger = new Logger(DataSetWriter.name);
  /** The highest row number of each set, read once. It need not be exact, as long as later rows have higher numbers. */
  private readonly lastSeqs = new Map<number, number>();

  constructor(
    private readonly commands: Commands,
    @Inject(STORE) private readonly store: Store,
  ) {}

  /** Stores an upload in a new data set, or in `before`. */
  async write(
    actor: Actor,
    name: string,
    before: DataSet | null,
    plan: Plan,
    upload: Upload,
  ): Promise<UploadProgress> {
    if (before === null) return this.create(actor, name, plan, upload);
    if (plan.rekeys) return this.rebuild(actor, before, plan, upload);
    const dataSet = await this.commands.run(async (unit) => {
      const { columns, missingValues } = plan;
      const changed = { ...before, columns, missingValues, modifiedAt: unit.at };
      await nexosisStore(unit.tx).dataSets.save(changed);
      return changed;
    }, actorName(actor));
    return this.storeRows({ dataSet, tally: noTally }, plan, upload);
  }

  private async create(actor: Actor, name: string, plan: Plan, upload: Upload): Promise<UploadProgress> {
    const created = await this.insert(actor, name, plan);
    try {
      const { dataSet, tally } = await this.storeRows({ dataSet: created, tally: noTally }, plan, upload);
      return { dataSet: await this.publish(dataSet, null), tally };
    } catch (error) {
      await this.discard(created);
      throw error;
    }
  }

  /**
   * Stores all rows again, because another column identifies them now. The copy has a name that no client uses until it
   * is complete. Every row keeps its number, so that changing the metadata back restores the order.
   */
  private async rebuild(actor: Actor, before: DataSet, plan: Plan, upload: Upload): Promise<UploadProgress> {
    const copy = await this.insert(actor, `${before.name}\n${before.id}`, plan, before.user);
    try {
      let progress: UploadProgress = { dataSet: copy, tally: noTally };
      const make = rowMaker(plan.columns);
      const keepAll: Upsert = { since: -1, replaced: new Map(), repeats: 'keep' };
      for await (const rows of storedRows(nexosisReads(this.store.read), before)) {
        progress = await this.storeBatch(
          progress,
          rows.map(({ values, seq }) => ({ ...make(values), seq })),
          keepAll,
        );
      }
      // The copied rows have their old numbers, so the highest one must be read again.
      this.lastSeqs.delete(copy.id);
      const { dataSet, tally } = await this.storeRows(progress, plan, upload);
      const { name, createdAt } = before;
      return { dataSet: await this.publish({ ...dataSet, name, createdAt }, before), tally };
    } catch (error) {
      await this.discard(copy);
      throw error;
    }
  }

  /**
   * Inserts an empty data set. The caller has the lock, so an unfinished set of that name is left over and is removed.
   */
  private async insert(
    actor: Actor,
    name: string,
    { columns, missingValues }: Plan,
    user: string | null = actor.user,
  ): Promise<DataSet> {
    const { created, leftover } = await this.commands.run(async (unit) => {
      const { dataSets } = nexosisStore(unit.tx);
      const existing = await dataSets.find(actor.instance.id, name);
      const leftover = existing?.state === 'new' ? existing : null;
      if (leftover !== null) await dataSets.save({ ...leftover, state: 'removed' });
      const initial = {
        rowCount: 0,
        size: 0,
        createdAt: unit.at,
        modifiedAt: unit.at,
        state: 'new',
      } as const;
      const created = await dataSets.insert({
        ...{ instance: actor.instance.id, name, columns, missingValues, user },
        ...initial,
      });
      return { created, leftover };
    }, actorName(actor));
    if (leftover !== null) this.purge(leftover);
    return created;
  }

  /** Makes a complete data set visible, in place of `before`. */
  private async publish(dataSet: DataSet, before: DataSet | null): Promise<DataSet> {
    const ready: DataSet = { ...dataSet, state: 'ready' };
    await this.commands.run(async (unit) => {
      if (before !== null) await nexosisStore(unit.tx).dataSets.save({ ...before, state: 'removed' });
      await nexosisStore(unit.tx).dataSets.save(ready);
    });
    if (before !== null) this.purge(before);
    return ready;
  }

  /**
   * Removes an unfinished data set. If that fails too, as on a full disk, the next upload to the name or start does.
   */
  private async discard(dataSet: DataSet): Promise<void> {
    try {
      await this.commands.run((unit) =>
        nexosisStore(unit.tx).dataSets.save({ ...dataSet, state: 'removed' }),
      );
    } catch {
      return;
    }
    this.purge(dataSet);
  }

  private async storeRows(start: UploadProgress, plan: Plan, upload: Upload): Promise<UploadProgress> {
    if (plan.rows === 0) return start;
    const make = rowMaker(plan.columns);
    // A key identifies one row. Rows of the same time stay apart; a session aggregates them.
    const repeats = identifier(plan.columns)?.role === 'key' ? 'merge' : 'keep';
    const since = await this.commands.run(({ tx }) =>
      this.lastSeq(start.dataSet, nexosisStore(tx).rows.lastSeq),
    );
    const upsert: Upsert = { since, replaced: new Map(), repeats };
    let progress = start;
    for await (const batch of upload.reader.batches()) {
      const rows = batch.map((values) => make(inColumnOrder(values, plan)));
      const batchSize = rowsPerBatch(progress.dataSet);
      for (let from = 0; from < rows.length; from += batchSize)
        progress = await this.storeBatch(progress, rows.slice(from, from + batchSize), upsert);
    }
    return { ...progress, tally: closeTally(progress.tally, upsert) };
  }

  /** Stores some rows and the new size of the set in one transaction. */
  private storeBatch(
    { dataSet, tally }: UploadProgress,
    rows: readonly NewRow[],
    upsert: Upsert,
  ): Promise<UploadProgress> {
    return this.commands.run(async (unit) => {
      const nexosis = nexosisStore(unit.tx);
      const from = await this.lastSeq(dataSet, nexosis.rows.lastSeq);
      const changes = await nexosis.rows.put(dataSet.id, rows, from, upsert);
      this.lastSeqs.set(dataSet.id, (this.lastSeqs.get(dataSet.id) ?? 0) + rows.length);
      const changed = {
        ...dataSet,
        rowCount: dataSet.rowCount + changes.count,
        size: dataSet.size + changes.size,
        modifiedAt: unit.at,
      };
      await nexosis.dataSets.resize(changed);
      return { dataSet: changed, tally: addToTally(tally, changes, upsert) };
    });
  }

  private async lastSeq({ id }: DataSet, read: (id: number) => Promise<number>): Promise<number> {
    const last = this.lastSeqs.get(id) ?? (await read(id));
    this.lastSeqs.set(id, last);
    return last;
  }

  /** Removes the rows of a range, some in each transaction. */
  async removeRows(dataSet: DataSet, range: Range): Promise<void> {
    let remaining = dataSet;
    for (;;) {
      const count = await this.commands.run(async (unit) => {
        const removed = await nexosisStore(unit.tx).rows.remove(dataSet.id, range, maxRowsAtOnce);
        remaining = {
          ...remaining,
          rowCount: remaining.rowCount - removed.count,
          size: remaining.size - removed.size,
          modifiedAt: unit.at,
        };
        if (dataSet.state === 'ready') await nexosisStore(unit.tx).dataSets.resize(remaining);
        return removed.count;
      });
      if (count < maxRowsAtOnce) return;
    }
  }

  /** Deletes a data set that clients no longer see, in the background. */
  purge(dataSet: DataSet): void {
    this.lastSeqs.delete(dataSet.id);
    const deletion = this.removeRows({ ...dataSet, state: 'removed' }, {}).then(() =>
      this.commands.run((unit) => nexosisStore(unit.tx).dataSets.forget(dataSet.id)),
    );
    deletion.catch((error: unknown) =>
      this.logger.warn(`Rows of a removed data set remain until the next start: ${String(error)}`),
    );
  }
}

function inColumnOrder(values: readonly (string | null)[], { places, columns }: Plan): (string | null)[] {
  const row = new Array<string | null>(columns.length).fill(null);
  for (const [i, value] of values.entries()) row[places[i] ?? 0] = value;
  return row;
}

import { Inject, Injectable, Logger } from '@nestjs/common';
import { nameOf, type Actor } from '../../../kernel/access/access.js';
import { Commands } from '../../../scheduler/commands.service.js';
import type { DataSet, NewRow, Range, Upsert } from '../storage/ports.js';
import { STORE, type Store } from '../../../scheduler/ports.js';
import { mostRows, rowsAtATime, storedRows } from './stored-rows.js';
import { closed, noTally, tallied, type Tally } from './tally.js';
import { identifier, rowMaker, type Plan, type Upload } from './upload.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';

/** A data set while it is being filled. */
export interface Filling {
  readonly dataSet: DataSet;
  readonly tally: Tally;
}

/** Writes data sets in small transactions. Each method but {@link purge} needs the lock on the name of its data set. */
@Injectable()
export class DataSetWriter {
  private readonly logger = new Logger(DataSetWriter.name);
  /** Looked up once for each set: rows that came later have higher numbers, which is all that matters. */
  private readonly numbered = new Map<number, number>();

  constructor(
    private readonly commands: Commands,
    @Inject(STORE) private readonly store: Store,
  ) {}

  async apply(
    actor: Actor,
    name: string,
    before: DataSet | null,
    plan: Plan,
    upload: Upload,
  ): Promise<Filling> {
    if (before === null) return this.create(actor, name, plan, upload);
    if (plan.rekeys) return this.rebuild(actor, before, plan, upload);
    const grown = await this.commands.run(async (unit) => {
      const { columns, missingValues } = plan;
      const changed = { ...before, columns, missingValues, modifiedAt: unit.at };
      await nexosisStore(unit.tx).dataSets.save(changed);
      return changed;
    }, nameOf(actor));
    return this.fill({ dataSet: grown, tally: noTally }, plan, upload);
  }

  private async create(actor: Actor, name: string, plan: Plan, upload: Upload): Promise<Filling> {
    const made = await this.make(actor, name, plan);
    try {
      const { dataSet, tally } = await this.fill({ dataSet: made, tally: noTally }, plan, upload);
      return { dataSet: await this.publish(dataSet, null), tally };
    } catch (error) {
      await this.abandon(made);
      throw error;
    }
  }

  /**
   * The rows are found by another column now: they are stored anew, under a name nobody asks for until all are there.
   * Every row stays, and keeps its number, so that changing the metadata back restores the order.
   */
  private async rebuild(actor: Actor, before: DataSet, plan: Plan, upload: Upload): Promise<Filling> {
    const made = await this.make(actor, `${before.name}\n${before.id}`, plan, before.user);
    try {
      let filling: Filling = { dataSet: made, tally: noTally };
      const make = rowMaker(plan.columns);
      const keepsAll: Upsert = { since: -1, replaced: new Map(), repeats: 'keep' };
      for await (const rows of storedRows(nexosisReads(this.store.read), before)) {
        filling = await this.storeSome(
          filling,
          rows.map(({ values, seq }) => ({ ...make(values), seq })),
          keepsAll,
        );
      }
      // The highest number is not that of the last row.
      this.numbered.delete(made.id);
      const { dataSet, tally } = await this.fill(filling, plan, upload);
      const { name, createdAt } = before;
      return { dataSet: await this.publish({ ...dataSet, name, createdAt }, before), tally };
    } catch (error) {
      await this.abandon(made);
      throw error;
    }
  }

  /** Whoever makes one holds its name, so an unfinished one of that name is left from an upload that could not even be given up. */
  private async make(
    actor: Actor,
    name: string,
    { columns, missingValues }: Plan,
    user: string | null = actor.user,
  ): Promise<DataSet> {
    const { made, left } = await this.commands.run(async (unit) => {
      const { dataSets } = nexosisStore(unit.tx);
      const there = await dataSets.find(actor.instance.id, name);
      const left = there?.state === 'new' ? there : null;
      if (left !== null) await dataSets.save({ ...left, state: 'removed' });
      const fresh = { rowCount: 0, size: 0, createdAt: unit.at, modifiedAt: unit.at, state: 'new' } as const;
      const made = await dataSets.insert({
        ...{ instance: actor.instance.id, name, columns, missingValues, user },
        ...fresh,
      });
      return { made, left };
    }, nameOf(actor));
    if (left !== null) this.purge(left);
    return made;
  }

  private async publish(dataSet: DataSet, before: DataSet | null): Promise<DataSet> {
    const ready: DataSet = { ...dataSet, state: 'ready' };
    await this.commands.run(async (unit) => {
      if (before !== null) await nexosisStore(unit.tx).dataSets.save({ ...before, state: 'removed' });
      await nexosisStore(unit.tx).dataSets.save(ready);
    });
    if (before !== null) this.purge(before);
    return ready;
  }

  /** Where that fails too, as on a full disk, the next upload of the name or the next start removes what is left. */
  private async abandon(dataSet: DataSet): Promise<void> {
    try {
      await this.commands.run((unit) => nexosisStore(unit.tx).dataSets.save({ ...dataSet, state: 'removed' }));
    } catch {
      return;
    }
    this.purge(dataSet);
  }

  private async fill(start: Filling, plan: Plan, upload: Upload): Promise<Filling> {
    if (plan.rows === 0) return start;
    const make = rowMaker(plan.columns);
    // A key says which row it is; several rows of one time are put together when a session runs.
    const repeats = identifier(plan.columns)?.role === 'key' ? 'merge' : 'keep';
    const since = await this.commands.run(({ tx }) =>
      this.lastSeq(start.dataSet, nexosisStore(tx).rows.lastSeq),
    );
    const upsert: Upsert = { since, replaced: new Map(), repeats };
    let filling = start;
    for await (const batch of upload.reader.batches()) {
      const rows = batch.map((values) => make(placed(values, plan)));
      const most = rowsAtATime(filling.dataSet);
      for (let from = 0; from < rows.length; from += most)
        filling = await this.storeSome(filling, rows.slice(from, from + most), upsert);
    }
    return { ...filling, tally: closed(filling.tally, upsert) };
  }

  /** One transaction: some rows, and what the set says about itself. */
  private storeSome({ dataSet, tally }: Filling, rows: readonly NewRow[], upsert: Upsert): Promise<Filling> {
    return this.commands.run(async (unit) => {
      const nexosis = nexosisStore(unit.tx);
      const from = await this.lastSeq(dataSet, nexosis.rows.lastSeq);
      const grown = await nexosis.rows.put(dataSet.id, rows, from, upsert);
      this.numbered.set(dataSet.id, (this.numbered.get(dataSet.id) ?? 0) + rows.length);
      const changed = {
        ...dataSet,
        rowCount: dataSet.rowCount + grown.count,
        size: dataSet.size + grown.size,
        modifiedAt: unit.at,
      };
      await nexosis.dataSets.resize(changed);
      return { dataSet: changed, tally: tallied(tally, grown, upsert) };
    });
  }

  private async lastSeq({ id }: DataSet, look: (id: number) => Promise<number>): Promise<number> {
    const known = this.numbered.get(id) ?? (await look(id));
    this.numbered.set(id, known);
    return known;
  }

  async removeSome(dataSet: DataSet, range: Range): Promise<void> {
    let left = dataSet;
    for (;;) {
      const gone = await this.commands.run(async (unit) => {
        const removed = await nexosisStore(unit.tx).rows.remove(dataSet.id, range, mostRows);
        left = {
          ...left,
          rowCount: left.rowCount - removed.count,
          size: left.size - removed.size,
          modifiedAt: unit.at,
        };
        if (dataSet.state === 'ready') await nexosisStore(unit.tx).dataSets.resize(left);
        return removed.count;
      });
      if (gone < mostRows) return;
    }
  }

  /** In the background: nobody sees these rows any more. */
  purge(dataSet: DataSet): void {
    this.numbered.delete(dataSet.id);
    const forgotten = this.removeSome({ ...dataSet, state: 'removed' }, {}).then(() =>
      this.commands.run((unit) => nexosisStore(unit.tx).dataSets.forget(dataSet.id)),
    );
    forgotten.catch((error: unknown) =>
      this.logger.warn(`Rows of a removed data set are left until the next start: ${String(error)}`),
    );
  }
}

function placed(values: readonly (string | null)[], { places, columns }: Plan): (string | null)[] {
  const row = new Array<string | null>(columns.length).fill(null);
  for (const [i, value] of values.entries()) row[places[i] ?? 0] = value;
  return row;
}

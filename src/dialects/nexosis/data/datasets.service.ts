import { Inject, Injectable } from '@nestjs/common';
import { actorName, type Actor } from '../../../kernel/access/access.js';
import { Commands } from '../../../scheduler/commands.service.js';
import type { DataSet, Matches, NexosisReads, Range, DataRow, StatusMessage } from '../storage/ports.js';
import { STORE, type Store } from '../../../scheduler/ports.js';
import { DataSetWriter } from './data-set-writer.js';
import { checkMayDelete } from './deletable.js';
import { invalidField, noData, notFound } from '../wire/errors.js';
import { uploadMembers } from './json-rows.js';
import { NameLocks } from './locks.js';
import { rowsPerBatch, storedRows } from './stored-rows.js';
import { messagesOf, unseenMessages } from './tally.js';
import { planUpload, type Upload } from './upload.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';

/** Most characters of a name, because names become part of URLs and answers. */
const maxNameLength = 512;

/** A data set after an upload, with messages about effects that its sender may not expect. */
export interface UploadResult {
  readonly dataSet: DataSet;
  readonly messages: readonly StatusMessage[];
}

/** Stores, reads and removes data sets, a part at a time. */
@Injectable()
export class DataSetsService {
  constructor(
    private readonly commands: Commands,
    private readonly locks: NameLocks,
    private readonly writer: DataSetWriter,
    @Inject(STORE) private readonly store: Store,
  ) {}

  private get read(): NexosisReads {
    return nexosisReads(this.store.read);
  }

  /** Removes the data sets that a crash left half stored or half removed. */
  async begin(): Promise<void> {
    const unfinished = await this.commands.run((unit) => nexosisStore(unit.tx).dataSets.unfinished());
    for (const dataSet of unfinished) this.writer.purge(dataSet);
  }

  /** Creates the data set, or upserts into an existing one. */
  put(actor: Actor, name: string, upload: Upload): Promise<UploadResult> {
    checkName(name);
    return this.locks.hold(actor.instance.id, name, async () => {
      const instance = actor.instance.id;
      if ((await this.read.view(instance, name)) !== null)
        throw invalidField('dataSetName', `There is already a view called ${name}.`);
      const before = await this.read.dataSet(instance, name);
      const plan = await planUpload(before, upload);
      const hasNoMetadata = upload.declared.length === 0 && upload.missingValues === undefined;
      if (plan.rows === 0 && hasNoMetadata) throw noData(name, uploadMembers, upload.ignored ?? []);
      const { dataSet, tally } = await this.writer.write(actor, name, before, plan, upload);
      const messages = [...unseenMessages(plan), ...messagesOf(dataSet.columns, tally)];
      return { dataSet, messages };
    });
  }

  async get(actor: Actor, name: string): Promise<DataSet> {
    const dataSet = await this.read.dataSet(actor.instance.id, name);
    if (dataSet === null) throw notFound('dataSet', name);
    return dataSet;
  }

  list(filter: Parameters<NexosisReads['dataSets']>[0]): Promise<Matches<DataSet>> {
    return this.read.dataSets(filter);
  }

  /** Reads a page of rows, in several parts if the set has many columns. */
  async rows(dataSet: DataSet, range: Range, limit: number, offset: number): Promise<Matches<DataRow>> {
    const isWhole = range.from === undefined && range.to === undefined;
    const items: DataRow[] = [];
    const batchSize = rowsPerBatch(dataSet);
    for (let from = 0; from < limit; from += batchSize) {
      const slice = { limit: Math.min(batchSize, limit - from), offset: offset + from };
      const batch = await this.read.rows(dataSet.id, range, slice);
      items.push(...batch);
      if (batch.length < slice.limit) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { items, total: isWhole ? dataSet.rowCount : await this.read.countRows(dataSet.id, range) };
  }

  /** Reads all rows in order, in batches. */
  all(dataSet: DataSet): AsyncGenerator<DataRow[]> {
    return storedRows(this.read, dataSet);
  }

  /** Removes the rows of a range from a data set with a timestamp column. */
  removeRows(actor: Actor, name: string, range: Range): Promise<void> {
    return this.locks.hold(actor.instance.id, name, async () => {
      const dataSet = await this.get(actor, name);
      await this.writer.removeRows(dataSet, range);
    });
  }

  /** Removes a whole set. Clients stop seeing it at once; its rows are deleted afterwards. */
  remove(actor: Actor, name: string): Promise<void> {
    return this.locks.hold(actor.instance.id, name, async () => {
      const dataSet = await this.get(actor, name);
      checkMayDelete(actor, dataSet, `Data set ${name}`);
      await this.commands.run(
        (unit) => nexosisStore(unit.tx).dataSets.save({ ...dataSet, state: 'removed' }),
        actorName(actor),
      );
      this.writer.purge(dataSet);
    });
  }
}

export function checkName(name: string): void {
  if (name.trim() === '' || name.length > maxNameLength || /[\u0000-\u001f]/.test(name))
    throw invalidField(
      'dataSetName',
      `The value is not valid: a name has 1 to ${maxNameLength} printable characters.`,
    );
}

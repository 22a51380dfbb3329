import { Inject, Injectable } from '@nestjs/common';
import { nameOf, type Actor } from '../../../kernel/access/access.js';
import { Commands } from '../../../scheduler/commands.service.js';
import type { DataSet, Found, NexosisReads, Range, Row, StatusMessage } from '../storage/ports.js';
import { STORE, type Store } from '../../../scheduler/ports.js';
import { DataSetWriter } from './data-set-writer.js';
import { checkDeletes } from './deletable.js';
import { invalidField, noData, notFound } from '../wire/errors.js';
import { uploadMembers } from './json-rows.js';
import { NameLocks } from './locks.js';
import { rowsAtATime, storedRows } from './stored-rows.js';
import { messagesOf, unseenMessages } from './tally.js';
import { planUpload, type Upload } from './upload.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';

/** Names become part of addresses and of answers. */
const longestName = 512;

/** A data set after an upload, and what the upload did that its sender may not expect. */
export interface Uploaded {
  readonly dataSet: DataSet;
  readonly messages: readonly StatusMessage[];
}

/** Data sets: storing, reading and removing rows, a part at a time. */
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

  /** What a crash left half stored or half removed goes. */
  async begin(): Promise<void> {
    const unfinished = await this.commands.run((unit) => nexosisStore(unit.tx).dataSets.unfinished());
    for (const dataSet of unfinished) this.writer.purge(dataSet);
  }

  /** Creates the data set or upserts into it. */
  put(actor: Actor, name: string, upload: Upload): Promise<Uploaded> {
    checkName(name);
    return this.locks.hold(actor.instance.id, name, async () => {
      const instance = actor.instance.id;
      if ((await this.read.view(instance, name)) !== null)
        throw invalidField('dataSetName', `There is already a view called ${name}.`);
      const before = await this.read.dataSet(instance, name);
      const plan = await planUpload(before, upload);
      const saysNothing = upload.declared.length === 0 && upload.missingValues === undefined;
      if (plan.rows === 0 && saysNothing) throw noData(name, uploadMembers, upload.ignored ?? []);
      const { dataSet, tally } = await this.writer.apply(actor, name, before, plan, upload);
      const messages = [...unseenMessages(plan), ...messagesOf(dataSet.columns, tally)];
      return { dataSet, messages };
    });
  }

  async get(actor: Actor, name: string): Promise<DataSet> {
    const found = await this.read.dataSet(actor.instance.id, name);
    if (found === null) throw notFound('dataSet', name);
    return found;
  }

  list(filter: Parameters<NexosisReads['dataSets']>[0]): Promise<Found<DataSet>> {
    return this.read.dataSets(filter);
  }

  /** A page of rows: those of a wide set are read a few at a time. */
  async rows(dataSet: DataSet, range: Range, limit: number, offset: number): Promise<Found<Row>> {
    const whole = range.from === undefined && range.to === undefined;
    const items: Row[] = [];
    const most = rowsAtATime(dataSet);
    for (let from = 0; from < limit; from += most) {
      const slice = { limit: Math.min(most, limit - from), offset: offset + from };
      const some = await this.read.rows(dataSet.id, range, slice);
      items.push(...some);
      if (some.length < slice.limit) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { items, total: whole ? dataSet.rowCount : await this.read.countRows(dataSet.id, range) };
  }

  /** All rows in order, some at a time. */
  all(dataSet: DataSet): AsyncGenerator<Row[]> {
    return storedRows(this.read, dataSet);
  }

  /** Removes the rows of a range, which must be one of a time series. */
  removeRows(actor: Actor, name: string, range: Range): Promise<void> {
    return this.locks.hold(actor.instance.id, name, async () => {
      const dataSet = await this.get(actor, name);
      await this.writer.removeSome(dataSet, range);
    });
  }

  /** Removes the whole set: it is gone at once, its rows soon after. */
  remove(actor: Actor, name: string): Promise<void> {
    return this.locks.hold(actor.instance.id, name, async () => {
      const dataSet = await this.get(actor, name);
      checkDeletes(actor, dataSet, `Data set ${name}`);
      await this.commands.run(
        (unit) => nexosisStore(unit.tx).dataSets.save({ ...dataSet, state: 'removed' }),
        nameOf(actor),
      );
      this.writer.purge(dataSet);
    });
  }
}

export function checkName(name: string): void {
  if (name.trim() === '' || name.length > longestName || /[\u0000-\u001f]/.test(name))
    throw invalidField(
      'dataSetName',
      `The value is not valid: a name has 1 to ${longestName} printable characters.`,
    );
}

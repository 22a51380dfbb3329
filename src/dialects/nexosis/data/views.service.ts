import { Inject, Injectable } from '@nestjs/common';
import { actorName, type Actor } from '../../../kernel/access/access.js';
import { Commands } from '../../../scheduler/commands.service.js';
import type { Column, View } from '../storage/ports.js';
import { STORE, type Store } from '../../../scheduler/ports.js';
import { checkColumns, checkCount, sameName } from '../wire/columns.js';
import { checkName } from './datasets.service.js';
import { checkMayDelete } from './deletable.js';
import { invalidField, NexosisError, notFound } from '../wire/errors.js';
import { isObject } from '../wire/fields.js';
import { checkOptions, joinedName, openView, type OpenedView } from './joins.js';
import { NameLocks } from './locks.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';

/** Most joins of a view. Each reads its whole data set when the view is read. */
const maxJoins = 50;

/** Stores and reads views, which join data sets. Only the definition is stored; rows are joined when they are read. */
@Injectable()
export class ViewsService {
  constructor(
    private readonly commands: Commands,
    private readonly locks: NameLocks,
    @Inject(STORE) private readonly store: Store,
  ) {}

  /** Creates or replaces a view. Throws if the view could not be read. */
  put(actor: Actor, view: Pick<View, 'name' | 'dataSet' | 'joins' | 'columns'>): Promise<View> {
    const instance = actor.instance.id;
    checkName(view.name);
    if (view.joins.length > maxJoins)
      throw invalidField(
        'joins',
        `There are ${view.joins.length} joins, and a view has at most ${maxJoins}.`,
      );
    return this.locks.hold(instance, view.name, async () => {
      const nexosis = nexosisReads(this.store.read);
      if ((await nexosis.dataSet(instance, view.name)) !== null)
        throw invalidField('viewName', `There is already a data set called ${view.name}.`);
      const before = await nexosis.view(instance, view.name);
      const joins = view.joins.map(withoutNull);
      const { name = view.name, user } = before ?? { user: actor.user };
      const updated: View = { ...view, joins, instance, name, ...(user && { user }), createdAt: 0 };
      // Checked only here: later changes to the metadata of its data sets must not make a view unreadable.
      const { columns } = await openView(nexosis, updated, false);
      await checkOptions(nexosis, updated);
      checkCount(columns.length);
      checkColumns(columns);
      return this.commands.run(async (unit) => {
        const stored = { ...updated, createdAt: before?.createdAt ?? unit.at };
        await nexosisStore(unit.tx).views.save(stored);
        return stored;
      }, actorName(actor));
    });
  }

  async get(actor: Actor, name: string): Promise<View> {
    const view = await nexosisReads(this.store.read).view(actor.instance.id, name);
    if (view === null) throw notFound('view', name);
    return view;
  }

  open(view: View): Promise<OpenedView> {
    return openView(nexosisReads(this.store.read), view);
  }

  /** Returns the columns of a view, or none if it reads a data set that was deleted. */
  async columns(view: View): Promise<readonly Column[]> {
    try {
      return (await openView(nexosisReads(this.store.read), view, false)).columns;
    } catch (error) {
      if (error instanceof NexosisError) return [];
      throw error;
    }
  }

  list(actor: Actor): Promise<View[]> {
    return nexosisReads(this.store.read).views(actor.instance.id);
  }

  async remove(actor: Actor, name: string): Promise<void> {
    checkMayDelete(actor, await this.get(actor, name), `View ${name}`);
    await this.commands.run(
      (unit) => nexosisStore(unit.tx).views.remove(actor.instance.id, name),
      actorName(actor),
    );
  }

  /** Returns the views that read a data set. */
  async readingFrom(actor: Actor, dataSet: string): Promise<View[]> {
    return (await this.list(actor)).filter((view) => readsFrom(view, dataSet));
  }
}

export const readsFrom = ({ dataSet, joins }: View, name: string): boolean =>
  [dataSet, ...joins.map(joinedName)].some((each) => each !== undefined && sameName(each, name));

/** Removes members that are null, because clients do not expect them. */
function withoutNull(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null && each !== undefined)
      .map(([key, each]) => [key, withoutNull(each)]),
  );
}

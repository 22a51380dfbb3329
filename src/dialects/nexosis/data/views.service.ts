import { Inject, Injectable } from '@nestjs/common';
import { nameOf, type Actor } from '../../../kernel/access/access.js';
import { Commands } from '../../../scheduler/commands.service.js';
import type { Column, View } from '../storage/ports.js';
import { STORE, type Store } from '../../../scheduler/ports.js';
import { checkColumns, checkCount, sameName } from '../wire/columns.js';
import { checkName } from './datasets.service.js';
import { checkDeletes } from './deletable.js';
import { invalidField, NexosisError, notFound } from '../wire/errors.js';
import { isObject } from '../wire/fields.js';
import { checkOptions, joinedName, openView, type Joined } from './joins.js';
import { NameLocks } from './locks.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';

/** Each join reads its data set whole when the view is read. */
const mostJoins = 50;

/** Views: data sets joined with others. Only the definition is kept; rows are joined when they are read. */
@Injectable()
export class ViewsService {
  constructor(
    private readonly commands: Commands,
    private readonly locks: NameLocks,
    @Inject(STORE) private readonly store: Store,
  ) {}

  /** Creates or replaces a view; one that cannot be read is refused. */
  put(actor: Actor, view: Pick<View, 'name' | 'dataSet' | 'joins' | 'columns'>): Promise<View> {
    const instance = actor.instance.id;
    checkName(view.name);
    if (view.joins.length > mostJoins)
      throw invalidField(
        'joins',
        `There are ${view.joins.length} joins, and a view has at most ${mostJoins}.`,
      );
    return this.locks.hold(instance, view.name, async () => {
      const nexosis = nexosisReads(this.store.read);
      if ((await nexosis.dataSet(instance, view.name)) !== null)
        throw invalidField('viewName', `There is already a data set called ${view.name}.`);
      const before = await nexosis.view(instance, view.name);
      const joins = view.joins.map(withoutNull);
      const { name = view.name, user } = before ?? { user: actor.user };
      const fresh: View = { ...view, joins, instance, name, ...(user && { user }), createdAt: 0 };
      // Only here: rows of a view can be read whatever becomes of the metadata of the data sets below it.
      const { columns } = await openView(nexosis, fresh, false);
      await checkOptions(nexosis, fresh);
      checkCount(columns.length);
      checkColumns(columns);
      return this.commands.run(async (unit) => {
        const made = { ...fresh, createdAt: before?.createdAt ?? unit.at };
        await nexosisStore(unit.tx).views.save(made);
        return made;
      }, nameOf(actor));
    });
  }

  async get(actor: Actor, name: string): Promise<View> {
    const view = await nexosisReads(this.store.read).view(actor.instance.id, name);
    if (view === null) throw notFound('view', name);
    return view;
  }

  open(view: View): Promise<Joined> {
    return openView(nexosisReads(this.store.read), view);
  }

  /** Its columns; none when a data set that it reads is gone. */
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
    checkDeletes(actor, await this.get(actor, name), `View ${name}`);
    await this.commands.run(
      (unit) => nexosisStore(unit.tx).views.remove(actor.instance.id, name),
      nameOf(actor),
    );
  }

  /** Views that read a data set. */
  async on(actor: Actor, dataSet: string): Promise<View[]> {
    return (await this.list(actor)).filter((view) => readsFrom(view, dataSet));
  }
}

export const readsFrom = ({ dataSet, joins }: View, name: string): boolean =>
  [dataSet, ...joins.map(joinedName)].some((each) => each !== undefined && sameName(each, name));

/** Clients do not expect members that say nothing. */
function withoutNull(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null && each !== undefined)
      .map(([key, each]) => [key, withoutNull(each)]),
  );
}

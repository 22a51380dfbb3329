import { shownIn } from '../../../kernel/inherited-names.js';
import { intervals, type Column, type DataSet, type NexosisReads, type View } from '../storage/ports.js';
import { columnWithRole, findColumn, mergeDeclared, positionsOf, readColumns } from '../wire/columns.js';
import { readDate } from '../wire/dates.js';
import { invalidColumns, invalidField, notFound } from '../wire/errors.js';
import { isObject, readChoice } from '../wire/fields.js';
import { startOf } from '../wire/intervals.js';
import { storedRows } from './stored-rows.js';
import { together } from './merge-rows.js';

/** Rows of a data set on the right side of a join, which are kept in memory while the left one is read. */
const mostRight = 250_000;

/** A view as it is read: its columns, and what it makes of a row of its left data set. */
export interface Joined {
  readonly left: DataSet;
  readonly columns: readonly Column[];
  readonly join: (values: readonly string[]) => string[];
}

interface Part {
  /** Columns that come from the right, under their names in the view. */
  readonly columns: readonly Column[];
  /** For each the place of the left column that it comes before; that behind the last where it comes at the end. */
  readonly before: readonly number[];
  readonly join: (values: readonly string[]) => readonly string[];
}

/**
 * Prepares a view for reading; without rows only its columns are right. Throws what is wrong with its definition.
 */
export async function openView(reads: NexosisReads, view: View, withRows = true): Promise<Joined> {
  const left = await reads.dataSet(view.instance, view.dataSet);
  if (left === null) throw notFound('dataSet', view.dataSet);
  const parts: Part[] = [];
  const taken = new TakenNames(left.columns);
  for (const said of view.joins)
    parts.push(await openJoin(withRows ? reads : null, await rightOf(reads, view, said), left, taken, view));
  const width = left.columns.length;
  const all = [...left.columns, ...parts.flatMap(({ columns }) => columns)];
  const order = orderOf(width, parts);
  return {
    left,
    columns: mergeDeclared(
      order.flatMap((i) => all[i] ?? []),
      declaredOf(view, all),
    ),
    join(values) {
      const own = Array.from({ length: width }, (_, i) => values[i] ?? '');
      const row = [...own, ...parts.flatMap((part) => part.join(values))];
      return order.map((i) => row[i] ?? '');
    },
  };
}

/** Places of the left columns and then those of the joins, in the order in which a view shows them. */
function orderOf(width: number, parts: readonly Part[]): number[] {
  // Halves, so that what comes before a left column does not share its rank.
  const ranks = Array.from({ length: width }, (_, i) => i).concat(
    parts.flatMap(({ before }) => before.map((place) => place - 0.5)),
  );
  return ranks
    .map((rank, i) => ({ rank, i }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ i }) => i);
}

function declaredOf({ name, columns }: View, all: readonly Column[]) {
  const declared = readColumns(columns);
  const unknown = declared.filter((each) => findColumn(all, each.name) === undefined);
  if (unknown.length > 0)
    throw invalidColumns(
      Object.fromEntries(unknown.map((each) => [each.name, [`${name} has no column ${each.name}.`]])),
    );
  return declared;
}

/** The data set that a join names. */
export function joinedName(said: unknown): string | undefined {
  const of = isObject(said) ? lowered(said)['dataset'] : undefined;
  const name = isObject(of) ? lowered(of)['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

interface Right {
  readonly dataSet: DataSet;
  readonly options: Options;
}

async function rightOf(reads: NexosisReads, view: View, said: unknown): Promise<Right> {
  const of = isObject(said) ? lowered(said) : {};
  if (of['calendar'] !== undefined) throw invalidField('joins', 'Joins with calendars are not offered here.');
  if (Array.isArray(of['joins']) && of['joins'].length > 0)
    throw invalidField('joins', 'A join within a join is not offered here: list all of them in the view.');
  const target = joinedName(said);
  if (target === undefined)
    throw invalidField('joins', 'Each join must name a data set: {"dataSet": {"name": …}}.');
  const right = await reads.dataSet(view.instance, target);
  if (right === null) throw notFound('dataSet', target);
  if (right.rowCount > mostRight)
    throw invalidField(
      'joins',
      `${right.name} has ${right.rowCount} rows, but at most ${mostRight} can be joined.`,
    );
  return { dataSet: right, options: optionsOf(of['columnoptions']) };
}

/** Throws for options that do nothing because they are of a column that is not there. */
export async function checkOptions(reads: NexosisReads, view: View): Promise<void> {
  const left = await reads.dataSet(view.instance, view.dataSet);
  for (const said of view.joins) {
    const { dataSet: right, options } = await rightOf(reads, view, said);
    const unknown = options.filter(({ name, of }) => {
      // An interval may stand at either side's time.
      const isOfLeft = of['joininterval'] !== undefined && findColumn(left?.columns ?? [], name) !== undefined;
      return !isOfLeft && findColumn(right.columns, name) === undefined;
    });
    if (unknown.length > 0)
      throw invalidColumns(
        Object.fromEntries(unknown.map(({ name }) => [name, [`${right.name} has no column ${name}.`]])),
      );
  }
}

async function openJoin(
  reads: NexosisReads | null,
  { dataSet: right, options }: Right,
  left: DataSet,
  taken: TakenNames,
  { columns: named }: View,
): Promise<Part> {
  const how = keysOf(left, right, options);
  const lefts = positionsOf(left.columns);
  const asked = new Set(Object.keys(named).map((name) => name.toLowerCase()));
  // The left side's column stands for both, unless an alias gives the other a name, or the view's metadata names it.
  const isHidden = ({ name }: Column) =>
    lefts.has(name.toLowerCase()) &&
    aliasOf(name, options) === undefined &&
    !asked.has(`${right.name}.${name}`.toLowerCase());
  const shown = right.columns
    .map((column, i) => ({ column, i }))
    .filter(({ column, i }) => i !== how.right && !isHidden(column));
  const found = new Map<string, (readonly string[])[]>();
  for await (const some of reads === null ? [] : storedRows(reads, right)) {
    for (const { values } of some) {
      const key = how.keyOf(values[how.right] ?? '');
      if (key === null) continue;
      const row = shown.map(({ i }) => values[i] ?? '');
      const others = found.get(key);
      if (others === undefined) found.set(key, [row]);
      else others.push(row);
    }
  }
  const shownColumns = shown.map(({ column }) => column);
  const rows = new Map<string, readonly string[]>();
  for (const [key, all] of found) rows.set(key, together(all, shownColumns, right.missingValues));
  const nothing = shown.map(() => '');
  const end = left.columns.length;
  return {
    columns: shown.map(({ column }) => renamed(column, right, options, taken)),
    before: shown.map(({ column: { name } }) =>
      aliasOf(name, options) === undefined ? end : (lefts.get(name.toLowerCase()) ?? end),
    ),
    join(values) {
      const key = how.keyOf(values[how.left] ?? '');
      return (key === null ? undefined : rows.get(key)) ?? nothing;
    },
  };
}

type Options = readonly { readonly name: string; readonly of: Readonly<Record<string, unknown>> }[];

const lowered = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([key, each]) => [key.toLowerCase(), each]));

const optionsOf = (said: unknown): Options =>
  Object.entries(isObject(said) ? said : {}).map(([name, of]) => ({
    name,
    of: isObject(of) ? lowered(of) : {},
  }));

interface Keys {
  /** Places of the columns that are compared. */
  readonly left: number;
  readonly right: number;
  /** What is compared of a value; null matches nothing. */
  readonly keyOf: (text: string) => string | null;
}

/** Times are compared where both sides have them, else equal values of the right side's key or of a common column. */
function keysOf(left: DataSet, right: DataSet, options: Options): Keys {
  const place = ({ columns }: DataSet, column: Column | undefined) =>
    column === undefined ? -1 : columns.indexOf(column);
  const times = [left, right].map((set) => place(set, columnWithRole(set.columns, 'timestamp')));
  const joinTo = options.find(({ of }) => typeof of['jointo'] === 'string');
  if (joinTo === undefined && times.every((time) => time !== -1)) {
    const said = options
      .map(({ of }) => of['joininterval'])
      .find((each) => each !== undefined && each !== null);
    const interval = said === undefined ? null : readChoice('joinInterval', said, intervals, intervals);
    const keyOf = (text: string) => {
      const date = readDate(text);
      return date === null ? null : String(interval === null ? date.at : startOf(date.at, interval));
    };
    return { left: times[0] ?? 0, right: times[1] ?? 0, keyOf };
  }
  const key = joinTo === undefined ? columnWithRole(right.columns, 'key') : findColumn(right.columns, joinTo.name);
  const common = key ?? right.columns.find(({ name }) => findColumn(left.columns, name) !== undefined);
  const other = joinTo === undefined ? common?.name : shownIn(joinTo.of['jointo']);
  const places = { left: place(left, findColumn(left.columns, other ?? '')), right: place(right, common) };
  if (places.left === -1 || places.right === -1)
    throw invalidColumns({
      joins: [
        `${left.name} and ${right.name} have neither timestamps nor a key column in common to be joined by.`,
      ],
    });
  return { ...places, keyOf: (text) => (text === '' ? null : text) };
}

/** Under its alias, or its own name. A view has one target and one time, both of its left side. */
function renamed(column: Column, right: DataSet, options: Options, taken: TakenNames): Column {
  const own = aliasOf(column.name, options) ?? column.name;
  const role = column.role === 'none' ? 'none' : 'feature';
  return { ...column, name: taken.free(own, right.name), role };
}

function aliasOf(column: string, options: Options): string | undefined {
  const alias = findColumn(options, column)?.of['alias'];
  return typeof alias === 'string' && alias !== '' ? alias : undefined;
}

/** The names of a view's columns, in lower case. */
class TakenNames {
  private readonly taken: Set<string>;
  /** How many names were tried for a data set's column: below that all are taken, and need not be looked at again. */
  private readonly tried = new Map<string, number>();

  constructor(columns: readonly Column[]) {
    this.taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  }

  /** Where a name is taken, its data set's comes before it, and a number behind it where that is taken too. */
  free(own: string, dataSet: string): string {
    const wanted = own.toLowerCase();
    let i = this.tried.get(wanted + '\n' + dataSet) ?? 0;
    const name = () => [own, `${dataSet}.${own}`][i] ?? `${dataSet}.${own}.${i}`;
    while (this.taken.has(name().toLowerCase())) i += 1;
    this.tried.set(wanted + '\n' + dataSet, i);
    this.taken.add(name().toLowerCase());
    return name();
  }
}

import { formatValue } from '../../../kernel/inherited-names.js';
import { intervals, type Column, type DataSet, type NexosisReads, type View } from '../storage/ports.js';
import { columnWithRole, findColumn, mergeDeclared, positionsOf, readColumns } from '../wire/columns.js';
import { readDate } from '../wire/dates.js';
import { invalidColumns, invalidField, notFound } from '../wire/errors.js';
import { isObject, readChoice } from '../wire/fields.js';
import { startOf } from '../wire/intervals.js';
import { storedRows } from './stored-rows.js';
import { mergeRows } from './merge-rows.js';

/** Most rows of a data set on the right side of a join. They are in memory while the left side is read. */
const maxRightRows = 250_000;

/** A view that is ready to be read. */
export interface OpenedView {
  readonly left: DataSet;
  readonly columns: readonly Column[];
  /** Turns a row of the left data set into a row of the view. */
  readonly join: (values: readonly string[]) => string[];
}

/** One join of an opened view. */
interface JoinPart {
  /** Columns of the right side, under their names in the view. */
  readonly columns: readonly Column[];
  /** For each column, the position of the left column that it precedes; the number of left columns means the end. */
  readonly before: readonly number[];
  readonly join: (values: readonly string[]) => readonly string[];
}

/**
 * Prepares a view for reading. Without `withRows` only its columns can be used. Throws if its definition is invalid.
 */
export async function openView(reads: NexosisReads, view: View, withRows = true): Promise<OpenedView> {
  const left = await reads.dataSet(view.instance, view.dataSet);
  if (left === null) throw notFound('dataSet', view.dataSet);
  const parts: JoinPart[] = [];
  const usedNames = new UsedNames(left.columns);
  for (const definition of view.joins)
    parts.push(
      await openJoin(
        withRows ? reads : null,
        await resolveJoin(reads, view, definition),
        left,
        usedNames,
        view,
      ),
    );
  const width = left.columns.length;
  const all = [...left.columns, ...parts.flatMap(({ columns }) => columns)];
  const order = orderOf(width, parts);
  return {
    left,
    columns: mergeDeclared(
      order.flatMap((i) => all[i] ?? []),
      declaredColumns(view, all),
    ),
    join(values) {
      const leftValues = Array.from({ length: width }, (_, i) => values[i] ?? '');
      const row = [...leftValues, ...parts.flatMap((part) => part.join(values))];
      return order.map((i) => row[i] ?? '');
    },
  };
}

/**
 * Returns the positions of all columns in the order of the view. The joins' columns are counted after the left ones.
 */
function orderOf(width: number, parts: readonly JoinPart[]): number[] {
  // A joined column ranks half a position before the left column that it precedes.
  const ranks = Array.from({ length: width }, (_, i) => i).concat(
    parts.flatMap(({ before }) => before.map((place) => place - 0.5)),
  );
  return ranks
    .map((rank, i) => ({ rank, i }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ i }) => i);
}

function declaredColumns({ name, columns }: View, all: readonly Column[]) {
  const declared = readColumns(columns);
  const unknown = declared.filter((each) => findColumn(all, each.name) === undefined);
  if (unknown.length > 0)
    throw invalidColumns(
      Object.fromEntries(unknown.map((each) => [each.name, [`${name} has no column ${each.name}.`]])),
    );
  return declared;
}

/** Returns the name of the data set that a join names. */
export function joinedName(definition: unknown): string | undefined {
  const dataSet = isObject(definition) ? withLowerCaseKeys(definition)['dataset'] : undefined;
  const name = isObject(dataSet) ? withLowerCaseKeys(dataSet)['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

interface ResolvedJoin {
  readonly dataSet: DataSet;
  readonly options: Options;
}

async function resolveJoin(reads: NexosisReads, view: View, definition: unknown): Promise<ResolvedJoin> {
  const members = isObject(definition) ? withLowerCaseKeys(definition) : {};
  if (members['calendar'] !== undefined)
    throw invalidField('joins', 'Joins with calendars are not supported.');
  if (Array.isArray(members['joins']) && members['joins'].length > 0)
    throw invalidField('joins', 'A join within a join is not supported: list all joins in the view.');
  const target = joinedName(definition);
  if (target === undefined)
    throw invalidField('joins', 'Each join must name a data set: {"dataSet": {"name": …}}.');
  const right = await reads.dataSet(view.instance, target);
  if (right === null) throw notFound('dataSet', target);
  if (right.rowCount > maxRightRows)
    throw invalidField(
      'joins',
      `${right.name} has ${right.rowCount} rows, but at most ${maxRightRows} can be joined.`,
    );
  return { dataSet: right, options: readOptions(members['columnoptions']) };
}

/** Throws if options name a column that does not exist, because they would have no effect. */
export async function checkOptions(reads: NexosisReads, view: View): Promise<void> {
  const left = await reads.dataSet(view.instance, view.dataSet);
  for (const definition of view.joins) {
    const { dataSet: right, options } = await resolveJoin(reads, view, definition);
    const unknown = options.filter(({ name, settings }) => {
      // An interval may be an option of the timestamp on either side.
      const isOfLeft =
        settings['joininterval'] !== undefined && findColumn(left?.columns ?? [], name) !== undefined;
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
  { dataSet: right, options }: ResolvedJoin,
  left: DataSet,
  usedNames: UsedNames,
  { columns: metadata }: View,
): Promise<JoinPart> {
  const keys = joinKeys(left, right, options);
  const leftPositions = positionsOf(left.columns);
  const withMetadata = new Set(Object.keys(metadata).map((name) => name.toLowerCase()));
  // Hide a column that the left side has too, unless it has an alias or the view's metadata names it.
  const isHidden = ({ name }: Column) =>
    leftPositions.has(name.toLowerCase()) &&
    aliasOf(name, options) === undefined &&
    !withMetadata.has(`${right.name}.${name}`.toLowerCase());
  const shown = right.columns
    .map((column, i) => ({ column, i }))
    .filter(({ column, i }) => i !== keys.right && !isHidden(column));
  const rowsByKey = new Map<string, (readonly string[])[]>();
  for await (const batch of reads === null ? [] : storedRows(reads, right)) {
    for (const { values } of batch) {
      const key = keys.keyOf(values[keys.right] ?? '');
      if (key === null) continue;
      const row = shown.map(({ i }) => values[i] ?? '');
      const others = rowsByKey.get(key);
      if (others === undefined) rowsByKey.set(key, [row]);
      else others.push(row);
    }
  }
  const shownColumns = shown.map(({ column }) => column);
  const merged = new Map<string, readonly string[]>();
  for (const [key, all] of rowsByKey) merged.set(key, mergeRows(all, shownColumns, right.missingValues));
  const emptyRow = shown.map(() => '');
  const end = left.columns.length;
  return {
    columns: shown.map(({ column }) => renamed(column, right, options, usedNames)),
    before: shown.map(({ column: { name } }) =>
      aliasOf(name, options) === undefined ? end : (leftPositions.get(name.toLowerCase()) ?? end),
    ),
    join(values) {
      const key = keys.keyOf(values[keys.left] ?? '');
      return (key === null ? undefined : merged.get(key)) ?? emptyRow;
    },
  };
}

/** `columnOptions` of a join: the column's name and its settings by lower-case name. */
type Options = readonly { readonly name: string; readonly settings: Readonly<Record<string, unknown>> }[];

const withLowerCaseKeys = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([key, each]) => [key.toLowerCase(), each]));

const readOptions = (raw: unknown): Options =>
  Object.entries(isObject(raw) ? raw : {}).map(([name, settings]) => ({
    name,
    settings: isObject(settings) ? withLowerCaseKeys(settings) : {},
  }));

interface Keys {
  /** Positions of the compared columns. */
  readonly left: number;
  readonly right: number;
  /** Returns the part of a value that is compared. Null matches nothing. */
  readonly keyOf: (text: string) => string | null;
}

/** Compares times if both sides have a timestamp, else the values of the right side's key or of a common column. */
function joinKeys(left: DataSet, right: DataSet, options: Options): Keys {
  const place = ({ columns }: DataSet, column: Column | undefined) =>
    column === undefined ? -1 : columns.indexOf(column);
  const times = [left, right].map((set) => place(set, columnWithRole(set.columns, 'timestamp')));
  const joinTo = options.find(({ settings }) => typeof settings['jointo'] === 'string');
  if (joinTo === undefined && times.every((time) => time !== -1)) {
    const raw = options
      .map(({ settings }) => settings['joininterval'])
      .find((each) => each !== undefined && each !== null);
    const interval = raw === undefined ? null : readChoice('joinInterval', raw, intervals, intervals);
    const keyOf = (text: string) => {
      const date = readDate(text);
      return date === null ? null : String(interval === null ? date.at : startOf(date.at, interval));
    };
    return { left: times[0] ?? 0, right: times[1] ?? 0, keyOf };
  }
  const key =
    joinTo === undefined ? columnWithRole(right.columns, 'key') : findColumn(right.columns, joinTo.name);
  const common = key ?? right.columns.find(({ name }) => findColumn(left.columns, name) !== undefined);
  const other = joinTo === undefined ? common?.name : formatValue(joinTo.settings['jointo']);
  const places = { left: place(left, findColumn(left.columns, other ?? '')), right: place(right, common) };
  if (places.left === -1 || places.right === -1)
    throw invalidColumns({
      joins: [
        `${left.name} and ${right.name} have neither timestamps nor a key column in common to be joined by.`,
      ],
    });
  return { ...places, keyOf: (text) => (text === '' ? null : text) };
}

/** Returns a right column under its alias or own name. Target and timestamp of a view are those of its left side. */
function renamed(column: Column, right: DataSet, options: Options, usedNames: UsedNames): Column {
  const own = aliasOf(column.name, options) ?? column.name;
  const role = column.role === 'none' ? 'none' : 'feature';
  return { ...column, name: usedNames.claim(own, right.name), role };
}

function aliasOf(column: string, options: Options): string | undefined {
  const alias = findColumn(options, column)?.settings['alias'];
  return typeof alias === 'string' && alias !== '' ? alias : undefined;
}

/** Gives each column of a view a name of its own. */
class UsedNames {
  /** In lower case. */
  private readonly usedNames: Set<string>;
  /** How many names were tried for a column of a data set. All of these are used, so none is tried again. */
  private readonly tried = new Map<string, number>();

  constructor(columns: readonly Column[]) {
    this.usedNames = new Set(columns.map(({ name }) => name.toLowerCase()));
  }

  /** Prefixes a used name with the name of its data set. Appends a number if that name is used too. */
  claim(own: string, dataSet: string): string {
    const key = own.toLowerCase();
    let i = this.tried.get(key + '\n' + dataSet) ?? 0;
    const name = () => [own, `${dataSet}.${own}`][i] ?? `${dataSet}.${own}.${i}`;
    while (this.usedNames.has(name().toLowerCase())) i += 1;
    this.tried.set(key + '\n' + dataSet, i);
    this.usedNames.add(name().toLowerCase());
    return name();
  }
}

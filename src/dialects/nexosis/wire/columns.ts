import { emptyRecord, shownIn } from '../../../kernel/inherited-names.js';
import {
  aggregations,
  dataTypes,
  imputations,
  roles,
  type Column,
  type DataType,
  type Imputation,
  type Aggregation,
  type Role,
} from '../storage/ports.js';
import { invalidColumns, invalidField } from './errors.js';
import { isObject } from './fields.js';

/** What was said about a column: only that overrides what was inferred or stored. */
export interface Declared {
  readonly name: string;
  readonly dataType?: DataType;
  readonly role?: Role;
  readonly imputation?: Imputation;
  readonly aggregation?: Aggregation;
}

export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Columns by their names in lower case, for each list that was searched. Lists of columns are never changed. */
const indexes = new WeakMap<object, ReadonlyMap<string, { readonly name: string }>>();

/** The first column of that name. A list is indexed once, so a search for each of ten thousand names takes linear time. */
export function findColumn<C extends { readonly name: string }>(
  columns: readonly C[],
  name: string,
): C | undefined {
  let index = indexes.get(columns);
  if (index === undefined) {
    // Of two with the same name the one in front wins: it is set last.
    index = new Map(columns.toReversed().map((column) => [column.name.toLowerCase(), column]));
    indexes.set(columns, index);
  }
  return index.get(name.toLowerCase()) as C | undefined;
}

/** Places of columns by their names in lower case: a search for each of ten thousand names would take seconds. */
export const placesOf = (columns: readonly { readonly name: string }[]): Map<string, number> =>
  new Map(columns.map(({ name }, i) => [name.toLowerCase(), i]));

export const columnOf = (columns: readonly Column[], role: Role): Column | undefined =>
  columns.find((column) => column.role === role);

export const isNumeric = ({ dataType }: Pick<Column, 'dataType'>): boolean =>
  dataType === 'numeric' || dataType === 'numericMeasure';

/** The integers that .NET sends (nexosis dialect, enumerations). */
const numberedTypes: readonly DataType[] = ['string', 'numeric', 'logical', 'date', 'text'];
const numberedImputations: readonly Imputation[] = ['zeroes', 'mean', 'median', 'mode'];

/** Reads `columns` of a request: column name → what is said about it. Throws what is wrong, by column. */
export function readColumns(said: unknown): Declared[] {
  if (said === undefined || said === null || said === '') return [];
  if (!isObject(said)) throw invalidColumns({ columns: ['columns must be an object of column names.'] });
  checkCount(Object.keys(said).length);
  const wrong = emptyRecord<string[]>();
  const columns = Object.entries(said).map(([name, of]) => readColumn(name, of, wrong));
  const places = placesOf(columns);
  for (const [i, { name }] of columns.entries()) {
    if (places.get(name.toLowerCase()) !== i) wrong[name] = [`${name} is declared twice.`];
  }
  if (Object.keys(wrong).length > 0) throw invalidColumns(wrong);
  return columns;
}

function readColumn(name: string, said: unknown, wrong: Record<string, string[]>): Declared {
  if (said === null || said === '') return { name };
  if (!isObject(said)) {
    wrong[name] = [`${name} must be an object with dataType and role.`];
    return { name };
  }
  const of = new Map(Object.entries(said).map(([key, value]) => [key.toLowerCase(), value]));
  const read = <T extends string>(
    key: string,
    allowed: readonly T[],
    numbered: readonly T[],
  ): T | undefined => {
    const value = of.get(key.toLowerCase());
    if (value === undefined || value === null || value === '') return undefined;
    const text = shownIn(value);
    const found = allowed.find((each) => each.toLowerCase() === text.toLowerCase()) ?? numbered[Number(text)];
    if (found === undefined) {
      (wrong[name] ??= []).push(
        `The value '${text}' is not valid for ${key} of ${name}: it must be one of ${allowed.join(', ')}.`,
      );
    }
    return found;
  };
  const dataType =
    shownIn(of.get('datatype')) === '-1' ? 'numericMeasure' : read('dataType', dataTypes, numberedTypes);
  const role = read('role', roles, []);
  const imputation = read('imputation', imputations, numberedImputations);
  const aggregation = read('aggregation', aggregations, aggregations);
  return {
    name,
    ...(dataType !== undefined && { dataType }),
    ...(role !== undefined && { role }),
    ...(imputation !== undefined && { imputation }),
    ...(aggregation !== undefined && { aggregation }),
  };
}

/** How gaps are filled and values put together where nobody says (nexosis dialect, column metadata). */
export function defaultsOf(dataType: DataType, onlyBits = false): Pick<Column, 'imputation' | 'aggregation'> {
  switch (dataType) {
    case 'numeric':
      return onlyBits ? modes : { imputation: 'zeroes', aggregation: 'sum' };
    case 'numericMeasure':
      return onlyBits ? modes : { imputation: 'mean', aggregation: 'mean' };
    case 'logical':
    case 'string':
      return modes;
    case 'date':
    case 'text':
      return {};
  }
}
const modes = { imputation: 'mode', aggregation: 'mode' } as const;

/** A column as it was, or as it was inferred, with what is declared about it laid over. */
export function overlaid(column: Column, declared?: Declared): Column {
  const { dataType, role, imputation, aggregation } = declared ?? {};
  // A timestamp is a date, whatever its values look like.
  const type = dataType ?? (role === 'timestamp' ? 'date' : column.dataType);
  const { name } = column;
  const bare: Column = { name, dataType: type, role: role ?? column.role };
  // Dates and texts are never filled in; some clients declare it for them nevertheless.
  if (type === 'date' || type === 'text') return bare;
  const usual: Pick<Column, 'imputation' | 'aggregation' | 'imputationSet'> =
    type === column.dataType ? column : defaultsOf(type);
  return {
    ...bare,
    imputation: imputation ?? usual.imputation ?? 'mode',
    aggregation: aggregation ?? usual.aggregation ?? 'mode',
    ...((imputation !== undefined || usual.imputationSet) && { imputationSet: true as const }),
  };
}

/**
 * Lays `declared` over `columns`; names that are new come behind. A role that only one column can have leaves the one
 * that had it, which becomes a feature.
 */
export function merge(columns: readonly Column[], declared: readonly Declared[]): Column[] {
  const known = placesOf(columns);
  const said = new Map(declared.map((each) => [each.name.toLowerCase(), each]));
  const merged = columns.map((column) => overlaid(column, said.get(column.name.toLowerCase())));
  for (const each of declared) {
    if (!known.has(each.name.toLowerCase())) merged.push(fresh(each));
  }
  return alone(merged, declared);
}

const fresh = (declared: Declared): Column =>
  overlaid({ name: declared.name, dataType: 'string', role: 'feature', ...modes }, declared);

function alone(columns: Column[], declared: readonly Declared[]): Column[] {
  const given = { target: new Set<string>(), timestamp: new Set<string>() };
  for (const { name, role } of declared)
    if (role === 'target' || role === 'timestamp') given[role].add(name.toLowerCase());
  return columns.map((column) => {
    if (column.role !== 'target' && column.role !== 'timestamp') return column;
    const names = given[column.role];
    const taken = names.size > (names.has(column.name.toLowerCase()) ? 1 : 0);
    const own = findColumn(declared, column.name)?.role === column.role;
    return taken && !own ? { ...column, role: 'feature' as const } : column;
  });
}

/** Columns of one data set or view. */
export const mostColumns = 16_384;

/** Throws when there are more columns than a data set may have. */
export function checkCount(count: number): void {
  if (count > mostColumns)
    throw invalidField(
      'columns',
      `There are ${count} columns or more, and a data set has at most ${mostColumns}: send several narrower ones.`,
    );
}

/** Characters of one value. A longer one keeps everybody waiting when it is stored, read or sent, and no learner reads it. */
const longestValue = 1_000_000;

/** Throws for a value that is too long, with its row (from 1). */
export function checkValue(text: string, row: number): void {
  if (text.length > longestValue)
    throw invalidField(
      'data',
      `Row ${row} has a value of ${text.length} characters; a value has at most ${longestValue}.`,
    );
}

/** As many as a message can hold: with all of ten thousand in each of ten thousand messages it would have a gigabyte. */
const mostNamed = 20;

/** What no data set or session may have. */
export function checkColumns(columns: readonly Column[]): void {
  const wrong = emptyRecord<string[]>();
  for (const role of ['target', 'timestamp', 'key'] as const) {
    const all = columns.filter((column) => column.role === role);
    if (all.length < 2) continue;
    const named = all.slice(0, mostNamed);
    const more = all.length > named.length ? ` and ${all.length - named.length} more` : '';
    const names = named.map(({ name }) => name).join(', ');
    for (const { name } of named)
      wrong[name] = [`Only one column can have the role ${role}: ${names}${more} have it.`];
  }
  for (const { name, role, dataType } of columns) {
    if (role === 'timestamp' && dataType !== 'date')
      (wrong[name] ??= []).push(
        `${name} has the role timestamp, so its dataType must be date and not ${dataType}.`,
      );
  }
  if (Object.keys(wrong).length > 0) throw invalidColumns(wrong);
}

/**
 * As the learner gets them (docs/learner.md). An empty cell of a logical column is FALSE, and a column that says nothing but 1,
 * or nothing but one word, says no where it is empty; unless someone set how gaps are filled. Metadata shows `mode` all the
 * same, as the old service's did.
 */
export const calculatedColumns = (
  columns: readonly Column[],
): Record<
  string,
  Omit<Column, 'name' | 'imputation'> & { readonly imputation?: Imputation | 'presence' }
> => {
  const written = writeColumns(columns);
  const usual = columns.filter(({ imputationSet, imputation }) => !imputationSet && imputation === 'mode');
  const filled = usual.map(({ name, dataType }) => {
    const imputation = dataType === 'logical' ? ('zeroes' as const) : ('presence' as const);
    return [name, { ...written[name], imputation }];
  });
  return { ...written, ...Object.fromEntries(filled) };
};

/** As answers show it: column name → metadata. */
export const writeColumns = (columns: readonly Column[]): Record<string, Omit<Column, 'name'>> =>
  Object.fromEntries(
    columns.map(({ name, dataType, role, imputation, aggregation }) => [
      name,
      {
        dataType,
        role,
        ...(imputation !== undefined && { imputation }),
        ...(aggregation !== undefined && { aggregation }),
      },
    ]),
  );

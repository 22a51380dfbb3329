import { emptyRecord, formatValue } from '../../../kernel/inherited-names.js';
import {
  aggregations,
  dataTypes,
  imputations,
  columnRoles,
  type Column,
  type DataType,
  type Imputation,
  type Aggregation,
  type ColumnRole,
} from '../storage/ports.js';
import { invalidColumns, invalidField } from './errors.js';
import { isObject } from './fields.js';

/** Metadata that a request declares for a column. A member that it leaves out keeps its inferred or stored value. */
export interface DeclaredColumn {
  readonly name: string;
  readonly dataType?: DataType;
  readonly role?: ColumnRole;
  readonly imputation?: Imputation;
  readonly aggregation?: Aggregation;
}

export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** For each list that was searched, its columns by lower-case name. Lists of columns never change. */
const indexes = new WeakMap<object, ReadonlyMap<string, { readonly name: string }>>();

/**
 * Returns the first column of that name. Each list is indexed once, so looking up ten thousand names takes linear time.
 */
export function findColumn<C extends { readonly name: string }>(
  columns: readonly C[],
  name: string,
): C | undefined {
  let index = indexes.get(columns);
  if (index === undefined) {
    // Reversed, so that the first of several columns with the same name wins.
    index = new Map(columns.toReversed().map((column) => [column.name.toLowerCase(), column]));
    indexes.set(columns, index);
  }
  return index.get(name.toLowerCase()) as C | undefined;
}

/** Maps lower-case names to positions. Searching the list for each of ten thousand names would take seconds. */
export const positionsOf = (columns: readonly { readonly name: string }[]): Map<string, number> =>
  new Map(columns.map(({ name }, i) => [name.toLowerCase(), i]));

export const columnWithRole = (columns: readonly Column[], role: ColumnRole): Column | undefined =>
  columns.find((column) => column.role === role);

export const isNumeric = ({ dataType }: Pick<Column, 'dataType'>): boolean =>
  dataType === 'numeric' || dataType === 'numericMeasure';

/** Indexed by the integers that the .NET client sends (nexosis dialect, enumerations). */
const numberedTypes: readonly DataType[] = ['string', 'numeric', 'logical', 'date', 'text'];
const numberedImputations: readonly Imputation[] = ['zeroes', 'mean', 'median', 'mode'];

/** Reads `columns` of a request, which maps column names to metadata. Throws the problems of all columns together. */
export function readColumns(raw: unknown): DeclaredColumn[] {
  if (raw === undefined || raw === null || raw === '') return [];
  if (!isObject(raw)) throw invalidColumns({ columns: ['columns must be an object of column names.'] });
  checkCount(Object.keys(raw).length);
  const problems = emptyRecord<string[]>();
  const columns = Object.entries(raw).map(([name, metadata]) => readColumn(name, metadata, problems));
  const positions = positionsOf(columns);
  for (const [i, { name }] of columns.entries()) {
    if (positions.get(name.toLowerCase()) !== i) problems[name] = [`${name} is declared twice.`];
  }
  if (Object.keys(problems).length > 0) throw invalidColumns(problems);
  return columns;
}

function readColumn(name: string, raw: unknown, problems: Record<string, string[]>): DeclaredColumn {
  if (raw === null || raw === '') return { name };
  if (!isObject(raw)) {
    problems[name] = [`${name} must be an object with dataType and role.`];
    return { name };
  }
  const metadata = new Map(Object.entries(raw).map(([key, value]) => [key.toLowerCase(), value]));
  const read = <T extends string>(
    key: string,
    allowed: readonly T[],
    numbered: readonly T[],
  ): T | undefined => {
    const value = metadata.get(key.toLowerCase());
    if (value === undefined || value === null || value === '') return undefined;
    const text = formatValue(value);
    const match = allowed.find((each) => each.toLowerCase() === text.toLowerCase()) ?? numbered[Number(text)];
    if (match === undefined) {
      (problems[name] ??= []).push(
        `The value '${text}' is not valid for ${key} of ${name}: it must be one of ${allowed.join(', ')}.`,
      );
    }
    return match;
  };
  const dataType =
    formatValue(metadata.get('datatype')) === '-1'
      ? 'numericMeasure'
      : read('dataType', dataTypes, numberedTypes);
  const role = read('role', columnRoles, []);
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

/**
 * Returns how gaps are filled and values aggregated unless a request declares it (nexosis dialect, column metadata).
 * `onlyBits`: all values are 0 or 1.
 */
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

/** Returns a stored or inferred column with the declared metadata applied. */
export function applyDeclaration(column: Column, declared?: DeclaredColumn): Column {
  const { dataType, role, imputation, aggregation } = declared ?? {};
  // A timestamp column is a date column, whatever its values look like.
  const type = dataType ?? (role === 'timestamp' ? 'date' : column.dataType);
  const { name } = column;
  const bare: Column = { name, dataType: type, role: role ?? column.role };
  // Dates and texts have no imputation or aggregation, although some clients declare them.
  if (type === 'date' || type === 'text') return bare;
  const defaults: Pick<Column, 'imputation' | 'aggregation' | 'imputationSet'> =
    type === column.dataType ? column : defaultsOf(type);
  return {
    ...bare,
    imputation: imputation ?? defaults.imputation ?? 'mode',
    aggregation: aggregation ?? defaults.aggregation ?? 'mode',
    ...((imputation !== undefined || defaults.imputationSet) && { imputationSet: true as const }),
  };
}

/**
 * Applies `declared` to `columns` and appends the new columns. If another column is declared the target or the
 * timestamp, the column that had the role becomes a feature.
 */
export function mergeDeclared(columns: readonly Column[], declared: readonly DeclaredColumn[]): Column[] {
  const known = positionsOf(columns);
  const declarations = new Map(declared.map((each) => [each.name.toLowerCase(), each]));
  const merged = columns.map((column) =>
    applyDeclaration(column, declarations.get(column.name.toLowerCase())),
  );
  for (const each of declared) {
    if (!known.has(each.name.toLowerCase())) merged.push(newColumn(each));
  }
  return withUniqueRoles(merged, declared);
}

const newColumn = (declared: DeclaredColumn): Column =>
  applyDeclaration({ name: declared.name, dataType: 'string', role: 'feature', ...modes }, declared);

function withUniqueRoles(columns: Column[], declared: readonly DeclaredColumn[]): Column[] {
  const claimants = { target: new Set<string>(), timestamp: new Set<string>() };
  for (const { name, role } of declared)
    if (role === 'target' || role === 'timestamp') claimants[role].add(name.toLowerCase());
  return columns.map((column) => {
    if (column.role !== 'target' && column.role !== 'timestamp') return column;
    const names = claimants[column.role];
    const claimedByOther = names.size > (names.has(column.name.toLowerCase()) ? 1 : 0);
    const claimedByItself = findColumn(declared, column.name)?.role === column.role;
    return claimedByOther && !claimedByItself ? { ...column, role: 'feature' as const } : column;
  });
}

/** Most columns of a data set or view. */
export const maxColumns = 16_384;

/** Throws if there are more columns than a data set may have. */
export function checkCount(count: number): void {
  if (count > maxColumns)
    throw invalidField(
      'columns',
      `There are ${count} columns or more, and a data set has at most ${maxColumns}: send several narrower ones.`,
    );
}

/** Most characters of a value. Storing, reading or sending more would block requests, and no learner reads more. */
const maxValueLength = 1_000_000;

/** Throws if a value is too long. `row` is counted from 1. */
export function checkValue(text: string, row: number): void {
  if (text.length > maxValueLength)
    throw invalidField(
      'data',
      `Row ${row} has a value of ${text.length} characters; a value has at most ${maxValueLength}.`,
    );
}

/** Most columns named in a message. All of ten thousand names in ten thousand messages would take a gigabyte. */
const maxNamed = 20;

/** Throws if several columns share a role that only one may have, or if the timestamp column does not hold dates. */
export function checkColumns(columns: readonly Column[]): void {
  const problems = emptyRecord<string[]>();
  for (const role of ['target', 'timestamp', 'key'] as const) {
    const all = columns.filter((column) => column.role === role);
    if (all.length < 2) continue;
    const listed = all.slice(0, maxNamed);
    const more = all.length > listed.length ? ` and ${all.length - listed.length} more` : '';
    const names = listed.map(({ name }) => name).join(', ');
    for (const { name } of listed)
      problems[name] = [`Only one column can have the role ${role}: ${names}${more} have it.`];
  }
  for (const { name, role, dataType } of columns) {
    if (role === 'timestamp' && dataType !== 'date')
      (problems[name] ??= []).push(
        `${name} has the role timestamp, so its dataType must be date and not ${dataType}.`,
      );
  }
  if (Object.keys(problems).length > 0) throw invalidColumns(problems);
}

/**
 * Returns the metadata as the learner receives it (docs/learner.md). Unless someone set the imputation, an empty cell
 * of a logical column means FALSE, and so does an empty cell of a column whose other cells all hold 1 or the same word.
 * Responses still show `mode`, as those of the old service did.
 */
export const learnerColumns = (
  columns: readonly Column[],
): Record<
  string,
  Omit<Column, 'name' | 'imputation'> & { readonly imputation?: Imputation | 'presence' }
> => {
  const metadata = writeColumns(columns);
  const defaulted = columns.filter(
    ({ imputationSet, imputation }) => !imputationSet && imputation === 'mode',
  );
  const overrides = defaulted.map(({ name, dataType }) => {
    const imputation = dataType === 'logical' ? ('zeroes' as const) : ('presence' as const);
    return [name, { ...metadata[name], imputation }];
  });
  return { ...metadata, ...Object.fromEntries(overrides) };
};

/** Returns the metadata by column name, as responses show it. */
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

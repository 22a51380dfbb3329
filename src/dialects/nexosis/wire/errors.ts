/** `errorDetails` of an error response (nexosis dialect, errors). */
export type Details = Readonly<Record<string, unknown>>;

export type ErrorType =
  | 'RequestValidation'
  | 'InvalidDateRange'
  | 'InvalidColumnMetadata'
  | 'NoData'
  | 'SomeParametersRequired'
  | 'NotFound'
  | 'Conflict'
  | 'Forbidden'
  | 'UpgradeRequired'
  | 'QuotaExceeded'
  | 'PayloadTooLarge'
  | 'Unavailable';

/** A request that this dialect refuses in its own words. Nothing was stored. */
export class NexosisError extends Error {
  constructor(
    readonly status: number,
    readonly type: ErrorType | null,
    message: string,
    readonly details: Details = {},
  ) {
    super(message);
    this.name = 'NexosisError';
  }
}

/** `fields` maps each invalid field to its problems. */
export const invalidRequest = (fields: Readonly<Record<string, readonly string[]>>): NexosisError =>
  new NexosisError(400, 'RequestValidation', 'Request is invalid', fields);

export const invalidField = (field: string, text: string): NexosisError =>
  invalidRequest({ [field]: [text] });

export const invalidColumns = (columns: Readonly<Record<string, readonly string[]>>): NexosisError =>
  new NexosisError(
    400,
    'InvalidColumnMetadata',
    withFirstProblem('The column metadata is invalid', columns),
    columns,
  );

export const invalidDates = (message: string, startDate: string, endDate: string): NexosisError =>
  new NexosisError(400, 'InvalidDateRange', message, { startDate, endDate });

/**
 * Returns the error for a request without rows. `ignored` are unknown members of its body. Clients may send those
 * (nexosis dialect, leniency), but one of them may be a misspelt `data`.
 */
export function noData(
  dataSetName: string,
  known: readonly string[],
  ignored: readonly string[],
): NexosisError {
  const last = known.at(-1) ?? '';
  // Clipped, because a client may send any number of names of any length.
  const names = ignored.slice(0, 10).map((name) => (name.length > 60 ? `${name.slice(0, 60)}…` : name));
  const shown = `${names.join(', ')}${ignored.length > names.length ? ' and others' : ''}`;
  const why =
    ignored.length === 0
      ? ''
      : `: ${shown} ${ignored.length === 1 ? 'is' : 'are'} not known, but ${known.slice(0, -1).join(', ')} and ${last}`;
  return new NexosisError(400, 'NoData', `No data was given for ${dataSetName}${why}`, { dataSetName });
}

/** Returns the error for a session without a data source. Its details have no name to show. */
export const noDataSource = (): NexosisError =>
  new NexosisError(400, 'NoData', 'Name a data source in dataSourceName', { dataSetName: '' });

export const someParametersRequired = (): NexosisError =>
  new NexosisError(
    400,
    'SomeParametersRequired',
    'At least one filter is required to delete more than one item',
  );

export type ItemType =
  'dataSet' | 'dataSource' | 'session' | 'model' | 'view' | 'import' | 'vocabulary' | 'contestant' | 'column';

export const notFound = (itemType: ItemType, itemId: string): NexosisError =>
  new NexosisError(404, 'NotFound', `Item of type ${itemType} with identifier ${itemId} was not found`, {
    itemType,
    itemId,
  });

/** Returns the error for an unknown path. Its message is the old service's, so the details have the helpful text. */
export const nothingAtPath = (text: string): NexosisError =>
  new NexosisError(404, null, 'Resource not found', { path: [text] });

/** Appends the first problem, because many clients show only the message. */
function withFirstProblem(start: string, columns: Readonly<Record<string, readonly string[]>>): string {
  const [first] = Object.values(columns).flat();
  return first === undefined ? start : `${start}: ${first}`;
}

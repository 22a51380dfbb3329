import { formatValue } from '../../../kernel/inherited-names.js';
import { intervals, type Column, type Domain, type Interval, type StatusMessage } from '../storage/ports.js';
import {
  checkColumns,
  columnWithRole,
  findColumn,
  isNumeric,
  mergeDeclared,
  readColumns,
  sameName,
  type DeclaredColumn,
} from '../wire/columns.js';
import { writeDetail, writeWithOffset, type ParsedDate } from '../wire/dates.js';
import { startOf } from '../wire/intervals.js';
import { invalidColumns, invalidDates, invalidField, noDataSource, notFound } from '../wire/errors.js';
import { misspeltMessages } from '../wire/misspelt.js';
import { isObject, readChoice, type Fields } from '../wire/fields.js';
import type { Source } from '../data/sources.js';

/** A validated request for a session. */
export interface LearnSessionRequest {
  readonly domain: Domain;
  readonly name: string;
  readonly target: string;
  readonly eventName: string | null;
  readonly start: string | null;
  readonly end: string | null;
  readonly interval: Interval | null;
  readonly columns: readonly Column[];
  readonly missingValues: readonly string[];
  readonly extra: Readonly<Record<string, unknown>>;
  readonly messages: readonly StatusMessage[];
}

export const sourceNameOf = (fields: Fields): string => {
  const name = fields.text('dataSourceName', 'dataSetName', 'viewName');
  if (name === undefined) throw noDataSource();
  return name;
};

/** Validates POST /sessions/forecast and /sessions/impact, in the order of checks that the contract gives. */
export async function readTimeSeries(
  domain: 'forecast' | 'impact',
  fields: Fields,
  source: Source | null,
): Promise<LearnSessionRequest> {
  if (source === null) throw notFound('dataSource', sourceNameOf(fields));
  const [start, end] = [requiredDate(fields, 'startDate'), requiredDate(fields, 'endDate')];
  const interval = fields.choice('resultInterval', intervals, intervals) ?? 'day';
  const eventName = domain === 'impact' ? (fields.text('eventName') ?? null) : null;
  const [from, to] = [writeDetail(start), writeDetail(end)];
  if (start.at > end.at) throw invalidDates('Start Date must be before End Date', from, to);
  const { columns, target } = withTarget(source, fields);
  if (columnWithRole(columns, 'timestamp') === undefined) throw noTimestamp(source);
  if (target === undefined) throw noTarget(source, domain);
  checkNumeric(target, domain);
  const last = domain === 'impact' ? await source.lastTime() : null;
  // An impact may end at any time of the last day that has data, but not later in its week, month or year.
  if (last !== null && startOf(end.at, interval === 'hour' ? 'hour' : 'day') > last)
    throw invalidDates('End Date must be before the last date in the data source', from, to);
  return {
    ...common(domain, fields, source),
    ...{ columns, eventName, interval, target: target.name },
    start: writeWithOffset(start),
    end: writeWithOffset(end),
    extra: eventName === null ? {} : { event: eventName },
  };
}

/** Validates POST /sessions/model. */
export function readModel(fields: Fields, source: Source | null): LearnSessionRequest {
  if (source === null) throw notFound('dataSource', sourceNameOf(fields));
  const options = lowerCaseOptions(fields);
  const domain = domainOf(fields, source, options);
  if (domain === 'anomalies') return readAnomalies(fields, source, options);
  const { columns, target } = withTarget(source, fields);
  if (target === undefined) throw noTarget(source, domain);
  if (domain === 'regression') checkNumeric(target, domain);
  const balance = flag(options, 'balance') ?? true;
  return {
    ...common(domain, fields, source),
    ...{
      columns,
      target: target.name,
      eventName: null,
      start: null,
      end: null,
      interval: null,
    },
    extra: domain === 'classification' ? { balance } : {},
  };
}

function readAnomalies(fields: Fields, source: Source, options: Options): LearnSessionRequest {
  const merged = mergeDeclared(source.columns, knownColumns(fields, source));
  checkColumns(merged);
  const target = columnWithRole(merged, 'target');
  const shared = common('anomalies', fields, source);
  const warning = `${target?.name ?? ''} is not used as target: anomalies are found in all columns together, and each row's score is in the column anomaly.`;
  return {
    ...shared,
    ...{ target: 'anomaly', eventName: null, start: null, end: null, interval: null },
    columns: merged.map((column) => (column === target ? { ...column, role: 'none' as const } : column)),
    messages:
      target === undefined
        ? shared.messages
        : [...shared.messages, { severity: 'warning', message: warning }],
    extra: { containsAnomalies: flag(options, 'containsAnomalies') ?? true },
  };
}

const defaultNames = {
  forecast: 'Forecast',
  impact: 'Impact',
  regression: 'Regression',
  classification: 'Classification',
  anomalies: 'Anomalies',
} as const satisfies Record<Domain, string>;

/** The known parameters of a session, including those that clients send and the service ignores. */
const parameters = [
  ...['dataSourceName', 'dataSetName', 'viewName', 'targetColumn', 'startDate', 'endDate', 'resultInterval'],
  ...['eventName', 'callbackUrl', 'columns', 'name', 'missingValues', 'predictionDomain', 'extraParameters'],
  'isEstimate',
];

function common(domain: Domain, fields: Fields, source: Source) {
  const missing = fields.raw('missingValues');
  return {
    domain,
    name: fields.text('name') ?? `${defaultNames[domain]} on ${source.name}`,
    missingValues: missing === undefined ? source.missingValues : fields.list('missingValues'),
    messages: misspeltMessages(fields, parameters),
  };
}

function requiredDate(fields: Fields, name: string): ParsedDate {
  const date = fields.date(name);
  if (date === undefined) throw invalidField(name, `The ${name} field is required.`);
  return date;
}

/** Returns the source's columns with the metadata that the request declares, and the target among them. */
function withTarget(source: Source, fields: Fields): { columns: Column[]; target: Column | undefined } {
  const declared = knownColumns(fields, source);
  const targetName = fields.text('targetColumn');
  if (targetName !== undefined) {
    const known = findColumn(source.columns, targetName);
    if (known === undefined)
      throw invalidColumns({
        [targetName]: [`${source.name} has no column ${targetName} that could be the target.`],
      });
    const declaration = findColumn(declared, targetName);
    const others = declared
      .filter((each) => !sameName(each.name, targetName))
      .map((each) => (each.role === 'target' ? { ...each, role: 'feature' as const } : each));
    const columns = mergeDeclared(source.columns, [
      ...others,
      { ...declaration, name: known.name, role: 'target' },
    ]);
    checkColumns(columns);
    return { columns, target: findColumn(columns, targetName) };
  }
  const columns = mergeDeclared(source.columns, declared);
  checkColumns(columns);
  return { columns, target: columnWithRole(columns, 'target') };
}

function knownColumns(fields: Fields, source: Source): DeclaredColumn[] {
  const declared = readColumns(fields.raw('columns'));
  const unknown = declared.filter(({ name }) => findColumn(source.columns, name) === undefined);
  if (unknown.length > 0)
    throw invalidColumns(
      Object.fromEntries(unknown.map(({ name }) => [name, [`${source.name} has no column ${name}.`]])),
    );
  return declared;
}

const noTimestamp = ({ name, columns }: Source) => {
  const dates = columns.filter(({ dataType }) => dataType === 'date').map((column) => column.name);
  const why =
    dates.length === 0
      ? 'none of its columns holds dates only'
      : `give one of its date columns (${dates.join(', ')}) the role timestamp: all rows stay, and a session combines the rows of one interval by each column's aggregation`;
  return invalidColumns({ timestamp: [`${name} is no time series: ${why}.`] });
};

const noTarget = ({ name }: Source, domain: Domain) =>
  invalidColumns({
    targetColumn: [`A ${domain} session needs a target: name a column of ${name} in targetColumn.`],
  });

function checkNumeric(target: Column, domain: Domain): void {
  if (isNumeric(target)) return;
  throw invalidColumns({
    [target.name]: [
      `The target ${target.name} must be numeric for ${domain}, but its dataType is ${target.dataType}.`,
    ],
  });
}

type Options = ReadonlyMap<string, unknown>;

function lowerCaseOptions(fields: Fields): Options {
  const raw = fields.raw('extraParameters');
  return new Map(isObject(raw) ? Object.entries(raw).map(([key, value]) => [key.toLowerCase(), value]) : []);
}

/** Reads a boolean, or a text as .NET and Java send it. */
function flag(options: Options, name: string): boolean | undefined {
  const value = options.get(name.toLowerCase());
  if (value === undefined || value === null || value === '') return undefined;
  if (/^(true|false)$/i.test(formatValue(value))) return formatValue(value).toLowerCase() === 'true';
  throw invalidField(
    'extraParameters',
    `The value '${formatValue(value)}' is not valid for ${name}: it must be true or false.`,
  );
}

const modelDomains = ['regression', 'classification', 'anomalies'] as const;

function domainOf(fields: Fields, source: Source, options: Options): (typeof modelDomains)[number] {
  const text = fields.text('predictionDomain');
  if (text === undefined) throw invalidField('predictionDomain', 'The predictionDomain field is required.');
  const domain = readChoice('predictionDomain', text, modelDomains);
  // One client requests anomalies in this way (nexosis dialect, model building).
  const targetless =
    !fields.has('targetColumn') &&
    columnWithRole(mergeDeclared(source.columns, knownColumns(fields, source)), 'target') === undefined;
  return targetless && options.has('containsanomalies') ? 'anomalies' : domain;
}

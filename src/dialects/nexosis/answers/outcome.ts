import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'csv-parse';
import type { Millis } from '../../../kernel/time.js';
import type {
  Algorithm,
  Contestant,
  LearnSessionView,
  Model,
  NexosisTx,
  SessionOutcome,
  StatusMessage,
} from '../storage/ports.js';
import { columnWithRole } from '../wire/columns.js';
import { normaliseDate } from '../wire/dates.js';
import { isObject } from '../wire/fields.js';

/** Rows of a result in one stored chunk. A page reads a few chunks. */
export const rowsPerChunk = 200;

interface Paths {
  /** Folder of the files that the learner wrote. */
  readonly folder: string;
  /** Folder of the stored models. */
  readonly models: string;
  readonly at: Millis;
}

/** Runs `work` in one transaction. */
export type Change = <T>(work: (tables: NexosisTx) => Promise<T>) => Promise<T>;

type RawObject = Record<string, unknown>;

/**
 * Stores the outcome of a calculation: its rows in chunks, then everything else in one transaction. May be repeated.
 */
export async function storeOutcome(
  change: Change,
  session: LearnSessionView,
  result: string,
  paths: Paths,
): Promise<void> {
  const raw = object(JSON.parse(result), 'the result');
  const details = isObject(raw['details']) ? raw['details'] : {};
  const tables: Record<string, SessionOutcome['tables'][string]> = {};
  await change(({ tables: stored }) => stored.removeOf(session.id));
  const storeIfPresent = async (table: string, rows: unknown) => {
    if (!isObject(rows) || typeof rows['path'] !== 'string') return false;
    const file = join(paths.folder, basename(rows['path']));
    tables[table] = await storeTable(change, session, table, file);
    return true;
  };
  const rows = object(raw['rows'], 'rows');
  const storeLevels: StoreTable = async (table, rows) => {
    const files = isObject(rows) && isObject(rows['files']) ? Object.entries(rows['files']) : [];
    for (const [level, path] of files) await storeIfPresent(`${table}-${level}`, { path });
    return `${table}-0.5` in tables || storeIfPresent(table, rows);
  };
  await storeLevels('results', rows);
  for (const [name, table] of detailNames) await storeIfPresent(table, details[name]);
  const contestants = await storeContestants(raw['contestants'], storeLevels);
  const confusion = confusionOf(details['confusionMatrix']);
  const outcome: SessionOutcome = {
    metrics: numbers(raw['metrics']),
    algorithm: algorithmOf(raw['algorithm']),
    intervals: texts(raw['intervals']),
    messages: messagesOf(raw['messages']),
    contestants,
    selection: raw['selection'] ?? null,
    tables,
    confusion,
    classes: confusion?.classes ?? classesOf(details['classScores']),
    importance: isObject(details['featureImportance']) ? numbers(details['featureImportance']) : null,
  };
  const model = await storeModel(session, raw['model'], outcome, paths);
  await change(async ({ sessions, models }) => {
    await sessions.saveOutcome(session.id, outcome);
    if (model !== null) await models.save(model);
  });
}

/** Names of the details in the learner's result, each with the last segment of its path in the API. */
const detailNames = [
  ['classScores', 'classscores'],
  ['anomalyScores', 'anomalyscores'],
  ['mahalanobisDistances', 'mahalanobisdistances'],
  ['outliers', 'outliers'],
] as const;

async function storeTable(change: Change, session: LearnSessionView, table: string, file: string) {
  const timestamp = columnWithRole(session.columns, 'timestamp')?.name;
  const records = parse({ bom: true, relax_column_count: true });
  const source = createReadStream(file).on('error', (error) => records.destroy(error));
  source.pipe(records);
  let columns: string[] | null = null;
  let timestampAt = -1;
  let rows: string[][] = [];
  let count = 0;
  let chunk = 0;
  const flush = async () => {
    const [part, number] = [rows, chunk];
    rows = [];
    chunk += 1;
    await change(({ tables }) => tables.append(session.id, table, number, part));
  };
  for await (const record of records as AsyncIterable<string[]>) {
    if (columns === null) {
      columns = record;
      timestampAt = record.findIndex((name) => name === timestamp);
      continue;
    }
    if (timestampAt !== -1) record[timestampAt] = normaliseDate(record[timestampAt] ?? '');
    rows.push(record);
    count += 1;
    if (rows.length === rowsPerChunk) await flush();
  }
  if (rows.length > 0) await flush();
  return { columns: columns ?? [], count };
}

/** Stores rows as a table. Resolves with false if there are none. */
type StoreTable = (table: string, rows: unknown) => Promise<boolean>;

async function storeContestants(raw: unknown, store: StoreTable): Promise<Contestant[]> {
  const all = Array.isArray(raw) ? raw.filter(isObject) : [];
  const contestants: Contestant[] = [];
  for (const [i, each] of all.entries()) {
    const table = `contestant-${i}`;
    contestants.push({
      id: String(i),
      algorithm: algorithmOf(each['algorithm']),
      metrics: numbers(each['metrics']),
      dataSourceProperties: texts(each['dataSourceProperties']),
      champion: each['champion'] === true,
      table: (await store(table, each['rows'])) ? table : null,
    });
  }
  return contestants;
}

async function storeModel(
  session: LearnSessionView,
  raw: unknown,
  outcome: SessionOutcome,
  { folder, models, at }: Paths,
): Promise<Model | null> {
  if (session.modelId === null) return null;
  const { path, sha256 } = object(raw, 'model');
  if (typeof path !== 'string' || typeof sha256 !== 'string') throw new Error('it names no model');
  const target = join(models, `${session.modelId}.skops`);
  const file = join(folder, basename(path));
  // If the outcome is stored again, the file has already been moved.
  if (await exists(file)) {
    if ((await digestOf(file)) !== sha256) throw new Error('the file of the model has another checksum');
    await rename(file, target);
  }
  return {
    id: session.modelId,
    instance: session.instance,
    user: session.user,
    session: session.id,
    name: null,
    domain: session.domain,
    source: session.source,
    target: session.target,
    algorithm: outcome.algorithm,
    columns: session.columns,
    metrics: outcome.metrics,
    sha256,
    createdAt: at,
    lastUsedAt: null,
  };
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

function object(value: unknown, what: string): RawObject {
  if (isObject(value)) return value;
  throw new Error(`${what} is not an object`);
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** Returns the finite numbers of an object. Clients cannot read other values. */
const numbers = (value: unknown): Record<string, number> =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number' && Number.isFinite(entry[1]),
    ),
  );

function algorithmOf(value: unknown): Algorithm {
  const { name = '', description = '', key = '' } = isObject(value) ? value : {};
  return { name: String(name), description: String(description), key: String(key) };
}

const severities = ['debug', 'informational', 'warning', 'error'] as const;

const messagesOf = (value: unknown): StatusMessage[] =>
  (Array.isArray(value) ? value : []).filter(isObject).map(({ severity, message }) => ({
    severity: severities.find((each) => each === severity) ?? 'informational',
    message: String(message),
  }));

function confusionOf(value: unknown): SessionOutcome['confusion'] {
  if (!isObject(value)) return null;
  const matrix = value['matrix'] ?? value['confusionMatrix'];
  if (!Array.isArray(matrix)) return null;
  return {
    classes: texts(value['classes']),
    matrix: matrix.map((row) => (Array.isArray(row) ? row.map(Number) : [])),
  };
}

const classesOf = (value: unknown): string[] => (isObject(value) ? texts(value['classes']) : []);

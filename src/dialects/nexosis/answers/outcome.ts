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
  Outcome,
  StatusMessage,
} from '../storage/ports.js';
import { columnWithRole } from '../wire/columns.js';
import { normaliseDate } from '../wire/dates.js';
import { isObject } from '../wire/fields.js';

/** Rows of a result that are stored together; a page touches a few such parts. */
export const rowsPerChunk = 200;

interface Place {
  /** Where the engine wrote its files. */
  readonly folder: string;
  /** Where models are kept. */
  readonly models: string;
  readonly at: Millis;
}

/** Does `work` in one transaction. */
export type Change = <T>(work: (tables: NexosisTx) => Promise<T>) => Promise<T>;

type Said = Record<string, unknown>;

/** Stores what the engine found: its rows in parts, then everything else in one transaction. May be repeated. */
export async function collect(
  change: Change,
  session: LearnSessionView,
  result: string,
  place: Place,
): Promise<void> {
  const said = object(JSON.parse(result), 'the result');
  const details = isObject(said['details']) ? said['details'] : {};
  const tables: Record<string, Outcome['tables'][string]> = {};
  await change(({ tables: stored }) => stored.removeOf(session.id));
  const keep = async (table: string, of: unknown) => {
    if (!isObject(of) || typeof of['path'] !== 'string') return false;
    const file = join(place.folder, basename(of['path']));
    tables[table] = await keepTable(change, session, table, file);
    return true;
  };
  const rows = object(said['rows'], 'rows');
  const keepLevels: Keep = async (table, of) => {
    const files = isObject(of) && isObject(of['files']) ? Object.entries(of['files']) : [];
    for (const [level, path] of files) await keep(`${table}-${level}`, { path });
    return `${table}-0.5` in tables || keep(table, of);
  };
  await keepLevels('results', rows);
  for (const [name, table] of detailNames) await keep(table, details[name]);
  const contestants = await keepContestants(said['contestants'], keepLevels);
  const confusion = confusionOf(details['confusionMatrix']);
  const outcome: Outcome = {
    metrics: numbers(said['metrics']),
    algorithm: algorithmOf(said['algorithm']),
    intervals: texts(said['intervals']),
    messages: messagesOf(said['messages']),
    contestants,
    selection: said['selection'] ?? null,
    tables,
    confusion,
    classes: confusion?.classes ?? classesOf(details['classScores']),
    importance: isObject(details['featureImportance']) ? numbers(details['featureImportance']) : null,
  };
  const model = await keepModel(session, said['model'], outcome, place);
  await change(async ({ sessions, models }) => {
    await sessions.saveOutcome(session.id, outcome);
    if (model !== null) await models.save(model);
  });
}

/** What the engine calls its details, and the last part of the address they are read at. */
const detailNames = [
  ['classScores', 'classscores'],
  ['anomalyScores', 'anomalyscores'],
  ['mahalanobisDistances', 'mahalanobisdistances'],
  ['outliers', 'outliers'],
] as const;

async function keepTable(change: Change, session: LearnSessionView, table: string, file: string) {
  const timestamp = columnWithRole(session.columns, 'timestamp')?.name;
  const records = parse({ bom: true, relax_column_count: true });
  const source = createReadStream(file).on('error', (error) => records.destroy(error));
  source.pipe(records);
  let columns: string[] | null = null;
  let place = -1;
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
      place = record.findIndex((name) => name === timestamp);
      continue;
    }
    if (place !== -1) record[place] = normaliseDate(record[place] ?? '');
    rows.push(record);
    count += 1;
    if (rows.length === rowsPerChunk) await flush();
  }
  if (rows.length > 0) await flush();
  return { columns: columns ?? [], count };
}

type Keep = (table: string, of: unknown) => Promise<boolean>;

async function keepContestants(said: unknown, keep: Keep): Promise<Contestant[]> {
  const all = Array.isArray(said) ? said.filter(isObject) : [];
  const contestants: Contestant[] = [];
  for (const [i, each] of all.entries()) {
    const table = `contestant-${i}`;
    contestants.push({
      id: String(i),
      algorithm: algorithmOf(each['algorithm']),
      metrics: numbers(each['metrics']),
      dataSourceProperties: texts(each['dataSourceProperties']),
      champion: each['champion'] === true,
      table: (await keep(table, each['rows'])) ? table : null,
    });
  }
  return contestants;
}

async function keepModel(
  session: LearnSessionView,
  said: unknown,
  outcome: Outcome,
  { folder, models, at }: Place,
): Promise<Model | null> {
  if (session.modelId === null) return null;
  const { path, sha256 } = object(said, 'model');
  if (typeof path !== 'string' || typeof sha256 !== 'string') throw new Error('it names no model');
  const kept = join(models, `${session.modelId}.skops`);
  const file = join(folder, basename(path));
  // Stored once already, when the answer is told again.
  if (await exists(file)) {
    const found = await digestOf(file);
    if (found !== sha256) throw new Error('the model is not the one that was written');
    await rename(file, kept);
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

function object(value: unknown, what: string): Said {
  if (isObject(value)) return value;
  throw new Error(`${what} is no object`);
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** Clients read numbers only: what is none, or none that JSON has, is left out. */
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

function confusionOf(value: unknown): Outcome['confusion'] {
  if (!isObject(value)) return null;
  const matrix = value['matrix'] ?? value['confusionMatrix'];
  if (!Array.isArray(matrix)) return null;
  return {
    classes: texts(value['classes']),
    matrix: matrix.map((row) => (Array.isArray(row) ? row.map(Number) : [])),
  };
}

const classesOf = (value: unknown): string[] => (isObject(value) ? texts(value['classes']) : []);

import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { checkCount, checkValue } from '../wire/columns.js';
import { readDate } from '../wire/dates.js';
import { invalidField } from '../wire/errors.js';
import { isNumber } from './survey.js';
import { checkCells, type RowReader } from './rows.js';

/** Bytes that the parser gets at a time. Other work runs in between. */
const chunkSize = 32 * 1024;
/** Rows in one batch of a reader. */
const batchSize = 500;

/** Returns a reader of CSV (RFC 4180, LF or CRLF, optional byte order mark), which can read it repeatedly. */
export async function csvReader(body: Buffer): Promise<RowReader> {
  if (!isUtf8(body)) throw invalidField('body', 'The CSV is not valid UTF-8.');
  const [first, second] = await firstRecords(body);
  if (first === undefined) return { names: [], bytes: body.length, async *batches() {} };
  checkCount(first.length);
  const hasHeader = !lacksHeader(first, second);
  const names = hasHeader ? columnNamesOf(first) : first.map((_, i) => `column${i + 1}`);
  return { names, bytes: body.length, batches: () => batches(body, names, hasHeader) };
}

async function* batches(body: Buffer, names: readonly string[], hasHeader: boolean) {
  let rows: string[][] = [];
  let number = 0;
  for await (const record of records(body)) {
    number += 1;
    if (hasHeader && number === 1) continue;
    checkCells(number, names.length, body.length);
    if (record.length > names.length) {
      throw invalidField(
        'body',
        `Row ${number} of the CSV has ${record.length} values, but there are ${names.length} columns.`,
      );
    }
    // The last columns of a short row are empty.
    while (record.length < names.length) record.push('');
    rows.push(record);
    if (rows.length < batchSize) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

async function* records(body: Buffer): AsyncGenerator<string[]> {
  const parser = parse({
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    trim: false,
  });
  const source = Readable.from(pieces(body), { objectMode: false });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    let row = 0;
    for await (const record of parser as AsyncIterable<string[]>) {
      row += 1;
      for (const text of record) checkValue(text, row);
      yield record;
    }
  } catch (error) {
    if (error instanceof CsvError) throw invalidField('body', `The CSV cannot be read: ${error.message}.`);
    throw error;
  }
}

async function* pieces(body: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < body.length; from += chunkSize) {
    yield body.subarray(from, from + chunkSize);
    // Streams continue in microtasks, so other requests could not run without this.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function firstRecords(body: Buffer): Promise<string[][]> {
  const first: string[][] = [];
  for await (const record of records(body)) {
    first.push(record);
    if (first.length === 2) break;
  }
  return first;
}

/**
 * Returns whether the first line is data and not a header: it has a number or a date, and no text above a number or a
 * date, which could be the name of that column.
 */
function lacksHeader(first: readonly string[], second: readonly string[] | undefined): boolean {
  const isMeasured = (text: string) => isNumber(text) || readDate(text) !== null;
  if (!first.some(isMeasured)) return false;
  return !first.some((text, i) => text.trim() !== '' && !isMeasured(text) && isMeasured(second?.[i] ?? ''));
}

function columnNamesOf(first: readonly string[]): string[] {
  const names = first.map((name, i) => (name.trim() === '' ? `column${i + 1}` : name.trim()));
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase()))
      throw invalidField('body', `The header of the CSV names the column ${name} twice.`);
    seen.add(name.toLowerCase());
  }
  return names;
}

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Formats one line of CSV with its line end. */
export const csvLine = (values: readonly string[]): string => `${values.map(cell).join(',')}\r\n`;

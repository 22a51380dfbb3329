import { isUtf8 } from 'node:buffer';
import { Tokenizer, TokenParser } from '@streamparser/json';
import { invalidField } from './errors.js';
import { isObject } from './fields.js';
import type { RowReader } from './rows.js';

/** Bytes that are parsed at a time: a large body neither stands in one text nor keeps others waiting. */
const piece = 128 * 1024;

/** What a JSON upload says beside its rows. */
export interface JsonUpload extends RowReader {
  readonly columns: Readonly<Record<string, unknown>>;
  readonly missingValues: readonly string[] | undefined;
}

/** Numbers of more digits than a double holds stay the text they are. */
export class ExactTokenizer extends Tokenizer {
  override parseNumber(text: string): number {
    const value = Number(text);
    const digits = text.replace(/e.*$/i, '').replace(/[^\d]/g, '').length;
    return digits <= 15 && Number.isFinite(value) ? value : (text as unknown as number);
  }
}

/**
 * Reads `{data: [row, …], columns: {…}, missingValues: […]}`; names of members in any case. A first reading checks the
 * whole body and collects the names of the columns.
 */
export async function jsonReader(body: Buffer): Promise<JsonUpload> {
  if (!isUtf8(body)) throw invalidField('body', 'The body is not valid UTF-8.');
  if (!/^\s*\{/.test(body.toString('utf8', 0, 256)))
    throw invalidField('body', 'The body is not valid JSON: it must be an object with data or columns.');
  const names: string[] = [];
  const places = new Map<string, number>();
  const columns: Record<string, unknown> = {};
  let missing: string[] | undefined;
  const other = (member: string, key: string | number | undefined, value: unknown) => {
    if (member === 'columns') columns[String(key)] = value;
    if (member === 'missingvalues') (missing ??= []).push(String(value));
  };
  for await (const rows of parsed(body, other)) {
    for (const name of rows.flatMap((row) => Object.keys(row))) {
      if (places.has(name.toLowerCase())) continue;
      places.set(name.toLowerCase(), names.length);
      names.push(name);
    }
  }
  return {
    names,
    columns,
    missingValues: missing,
    async *batches() {
      let number = 0;
      for await (const rows of parsed(body, () => undefined)) {
        const from = number;
        number += rows.length;
        yield rows.map((row, i) => toValues(row, places, from + i + 1));
      }
    },
  };
}

function toValues(
  row: Record<string, unknown>,
  places: ReadonlyMap<string, number>,
  number: number,
): (string | null)[] {
  const values = new Array<string | null>(places.size).fill(null);
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'object' && value !== null)
      throw invalidField(
        'data',
        `Row ${number}: the value of ${name} must be a text, a number, true, false or null.`,
      );
    // As it is stored: half of a pair of surrogates cannot be written as UTF-8.
    values[places.get(name.toLowerCase()) ?? 0] = value === null ? '' : String(value).toWellFormed();
  }
  return values;
}

/** Members that are read, and whether each is a list. */
const listsByMember: ReadonlyMap<string, boolean> = new Map([
  ['data', true],
  ['columns', false],
  ['missingvalues', true],
]);

type Other = (member: string, key: string | number | undefined, value: unknown) => void;

async function* parsed(body: Buffer, other: Other): AsyncGenerator<Record<string, unknown>[]> {
  let rows: Record<string, unknown>[] = [];
  let broken: Error | null = null;
  let count = 0;
  const tokenizer = new ExactTokenizer();
  const parser = new TokenParser({ paths: ['$.*.*'], keepStack: false });
  tokenizer.onToken = parser.write.bind(parser);
  tokenizer.onError = (error) => (broken ??= error);
  parser.onError = (error) => (broken ??= error);
  parser.onValue = ({ value, key, stack }) => {
    const member = String(stack[1]?.key).toLowerCase();
    // Of a list the places are numbers, of an object the names are texts.
    const listed = typeof key === 'number';
    const isList = listsByMember.get(member);
    if (isList !== undefined && isList !== listed)
      broken ??= new Error(`${member} must be ${isList ? 'a list' : 'an object of column names'}`);
    if (member !== 'data') return other(member, key, value);
    count += 1;
    if (isObject(value)) rows.push(value);
    else broken ??= new Error(`row ${count} of data is no object`);
  };
  for (let from = 0; from < body.length && broken === null; from += piece) {
    tokenizer.write(body.subarray(from, from + piece));
    if (rows.length > 0) yield rows;
    rows = [];
    if (body.length > piece) await new Promise((resolve) => setImmediate(resolve));
  }
  if (broken === null && !parser.isEnded) broken = new Error('it ends too early');
  if (broken !== null)
    throw invalidField('body', `The body is not valid JSON: ${(broken as Error).message}.`);
}

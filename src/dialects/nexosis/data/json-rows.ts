import { emptyRecord, shownIn } from '../../../kernel/inherited-names.js';
import { isUtf8 } from 'node:buffer';
import { type Tokenizer, TokenParser, TokenType } from '@streamparser/json';
import { flawOf } from '../../../scheduler/json-text.js';
import { checkCount } from '../wire/columns.js';
import { invalidField, NexosisError } from '../wire/errors.js';
import { isObject } from '../wire/fields.js';
import { firstCharacter, kindOf, invalidJson } from '../wire/json-bodies.js';
import { boundsChecker } from '../wire/json-bounds.js';
import { ExactTokenizer } from './json-tokens.js';
import { checkCells, type RowReader } from './rows.js';

/** Bytes that are parsed at a time: a large body neither stands in one text nor keeps others waiting. */
const piece = 32 * 1024;
/** Rows that are handed on together, or those of a few pieces: more in one transaction cost fewer commits. */
const [batch, mostPieces] = [1000, 8];

/** Bytes in which a flaw is looked for by line and column, in one go; of more the row before it is told. */
const mostForPlace = 2 * 1024 * 1024;

/** An error names some of them; a body of millions must not be kept twice. */
const mostIgnored = 10;

/** What a JSON upload says beside its rows. */
export interface JsonUpload extends RowReader {
  readonly columns: Readonly<Record<string, unknown>>;
  readonly missingValues: readonly string[] | undefined;
  /** The first of the members that nobody reads, as they were written. */
  readonly ignored: readonly string[];
}

/**
 * Reads `{data: [row, …], columns: {…}, missingValues: […]}`; names of members in any case. A first reading checks the
 * whole body and collects the names of the columns.
 */
export async function jsonReader(body: Buffer): Promise<JsonUpload> {
  if (!isUtf8(body)) throw invalidField('body', 'The body is not valid UTF-8.');
  checkBeginning(body);
  const names: string[] = [];
  const places = new Map<string, number>();
  const columns = emptyRecord<unknown>();
  let missing: string[] | undefined;
  const ignored: string[] = [];
  let count = 0;
  const other = (member: string, key: string | number | undefined, value: unknown) => {
    if (member === 'columns') columns[String(key)] = value;
    if (member === 'missingValues') (missing ??= []).push(shownIn(value));
  };
  for await (const rows of parsed(
    body,
    other,
    (name) => ignored.length > mostIgnored || ignored.push(name),
  )) {
    for (const name of rows.flatMap((row) => Object.keys(row))) {
      if (places.has(name.toLowerCase())) continue;
      places.set(name.toLowerCase(), names.length);
      names.push(name);
    }
    checkCount(names.length);
    count += rows.length;
  }
  checkCells(count, names.length, body.length);
  return {
    names,
    bytes: body.length,
    columns,
    missingValues: missing,
    ignored,
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

/** Any other beginning is refused before a large body is read for nothing. */
function checkBeginning(body: Buffer): void {
  const first = firstCharacter(body);
  if (first === '{') return;
  const text = new TextDecoder().decode(body.subarray(0, piece));
  const isOther = first === '[' || first === '"';
  if (!isOther && flawOf(text) !== null) throw invalidJson(text);
  const said = first === '[' ? [] : first === '"' ? '' : (JSON.parse(text) as unknown);
  throw invalidField('body', `The body must be an object with data or columns, not ${kindOf(said)}.`);
}

/** Members that are read, with their values: a list, or else an object. */
const members = new Map([
  ['data', { name: 'data', isList: true, of: 'rows' }],
  ['columns', { name: 'columns', isList: false, of: 'column names' }],
  ['missingvalues', { name: 'missingValues', isList: true, of: 'texts' }],
]);

export const uploadMembers = [...members.values()].map(({ name }) => name);

type Member = NonNullable<ReturnType<typeof members.get>>;

const wrongShape = ({ name, isList, of }: Member, not: string): NexosisError =>
  invalidField(name, `${name} must be ${isList ? 'a list' : 'an object'} of ${of}, not ${not}.`);

type Token = Parameters<Tokenizer['onToken']>[0];

/** Calls `found` for each member of the body with the token that its value begins with. */
function watchMembers(found: (name: string, first: Token) => void): (token: Token) => void {
  let [depth, text, colon] = [0, '', false];
  return (parsed) => {
    const { token, value } = parsed;
    if (depth === 1) {
      if (colon) found(text, parsed);
      colon = token === TokenType.COLON;
      if (token === TokenType.STRING) text = String(value);
    }
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) depth += 1;
    if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) depth -= 1;
  };
}

const kindOfToken = ({ token, value }: Token): string => {
  if (token === TokenType.LEFT_BRACKET) return kindOf([]);
  if (token === TokenType.LEFT_BRACE) return kindOf({});
  // The tokenizer leaves some numbers as texts.
  return kindOf(token === TokenType.NUMBER ? 0 : value);
};

type Other = (member: string, key: string | number | undefined, value: unknown) => void;

async function* parsed(
  body: Buffer,
  other: Other,
  ignore?: (name: string) => void,
): AsyncGenerator<Record<string, unknown>[]> {
  let rows: Record<string, unknown>[] = [];
  let broken: Error | null = null;
  let count = 0;
  const tokenizer = new ExactTokenizer();
  const parser = new TokenParser({ paths: ['$.*.*'], keepStack: false });
  const watch = watchMembers((name, first) => {
    const member = members.get(name.toLowerCase());
    if (member === undefined) return ignore?.(name);
    const opens = member.isList ? TokenType.LEFT_BRACKET : TokenType.LEFT_BRACE;
    // Null and "" count as absent, and so does a list without columns.
    const isAbsent = first.value === null || first.value === '';
    const mayBeEmpty = !member.isList && first.token === TokenType.LEFT_BRACKET;
    if (first.token === opens || isAbsent || mayBeEmpty) return;
    broken ??= wrongShape(member, kindOfToken(first));
  });
  const bound = boundsChecker();
  tokenizer.onToken = (token) => {
    if (broken !== null) return;
    try {
      bound(token);
    } catch (error) {
      broken = error as Error;
      return;
    }
    watch(token);
    parser.write(token);
  };
  tokenizer.onError = (error) => (broken ??= error);
  parser.onError = (error) => (broken ??= error);
  parser.onValue = ({ value, key, stack }) => {
    const member = members.get(String(stack[1]?.key).toLowerCase());
    if (member === undefined) return;
    // Of a list the places are numbers, of an object the names are texts.
    if (!member.isList && typeof key === 'number') broken ??= wrongShape(member, kindOf([]));
    if (member.name !== 'data') return other(member.name, key, value);
    count += 1;
    if (isObject(value)) rows.push(value);
    else broken ??= invalidField('data', `Row ${count} must be an object of columns, not ${kindOf(value)}.`);
  };
  let parsed = 0;
  for (let from = 0; from < body.length && broken === null; from += piece) {
    tokenizer.write(body.subarray(from, from + piece));
    parsed += 1;
    if (rows.length >= batch || parsed >= mostPieces) {
      if (rows.length > 0) yield rows;
      [rows, parsed] = [[], 0];
    }
    if (body.length > piece) await new Promise((resolve) => setImmediate(resolve));
  }
  if (rows.length > 0) yield rows;
  if ((broken as Error | null) instanceof NexosisError) throw broken;
  if (broken === null && parser.isEnded) return;
  if (body.length <= mostForPlace) throw invalidJson(new TextDecoder().decode(body));
  const what = broken === null ? 'it ends too early,' : 'something cannot be read';
  throw invalidField('body', `The body is not valid JSON: ${what} after row ${count} of data.`);
}

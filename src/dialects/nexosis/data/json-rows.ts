import { emptyRecord, formatValue } from '../../../kernel/inherited-names.js';
import { isUtf8 } from 'node:buffer';
import { type Tokenizer, TokenParser, TokenType } from '@streamparser/json';
import { findFlaw } from '../../../scheduler/json-text.js';
import { checkCount } from '../wire/columns.js';
import { invalidField, NexosisError } from '../wire/errors.js';
import { isObject } from '../wire/fields.js';
import { firstCharacter, kindOf, invalidJson } from '../wire/json-bodies.js';
import { boundsChecker } from '../wire/json-bounds.js';
import { ExactTokenizer } from './json-tokens.js';
import { checkCells, type RowReader } from './rows.js';

/** Bytes that are parsed at a time, because a large body must neither become one string nor block other work. */
const chunkSize = 32 * 1024;
/** Rows, or chunks, after which a batch is complete. Larger batches need fewer commits. */
const [batchSize, maxChunks] = [1000, 8];

/** Largest body for whose flaw an error gives line and column. For a larger one it gives the row before the flaw. */
const maxBytesForPosition = 2 * 1024 * 1024;

/** Unknown members that are remembered. An error names some of them, but a body may have millions. */
const maxIgnored = 10;

/** A JSON upload: its rows, and the other members of its body. */
export interface JsonUpload extends RowReader {
  readonly columns: Readonly<Record<string, unknown>>;
  readonly missingValues: readonly string[] | undefined;
  /** The first unknown members, as spelled. */
  readonly ignored: readonly string[];
}

/**
 * Returns a reader of `{data: [row, …], columns: {…}, missingValues: […]}`, with member names in any case. It reads the
 * body once in advance, to check it and to collect the names of the columns.
 */
export async function jsonReader(body: Buffer): Promise<JsonUpload> {
  if (!isUtf8(body)) throw invalidField('body', 'The body is not valid UTF-8.');
  checkFirstCharacter(body);
  const names: string[] = [];
  const places = new Map<string, number>();
  const columns = emptyRecord<unknown>();
  let missing: string[] | undefined;
  const ignored: string[] = [];
  let count = 0;
  const onMember = (member: string, key: string | number | undefined, value: unknown) => {
    if (member === 'columns') columns[String(key)] = value;
    if (member === 'missingValues') (missing ??= []).push(formatValue(value));
  };
  for await (const rows of parseRows(
    body,
    onMember,
    (name) => ignored.length > maxIgnored || ignored.push(name),
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
      for await (const rows of parseRows(body, () => undefined)) {
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
    // A lone surrogate cannot be stored as UTF-8.
    values[places.get(name.toLowerCase()) ?? 0] = value === null ? '' : String(value).toWellFormed();
  }
  return values;
}

/** Throws if a body does not start like an object, so that a large one is not read in vain. */
function checkFirstCharacter(body: Buffer): void {
  const first = firstCharacter(body);
  if (first === '{') return;
  const text = new TextDecoder().decode(body.subarray(0, chunkSize));
  const isListOrText = first === '[' || first === '"';
  if (!isListOrText && findFlaw(text) !== null) throw invalidJson(text);
  const value = first === '[' ? [] : first === '"' ? '' : (JSON.parse(text) as unknown);
  throw invalidField('body', `The body must be an object with data or columns, not ${kindOf(value)}.`);
}

/** The known members: their spelling, whether they are a list or an object, and what they contain. */
const knownMembers = new Map([
  ['data', { name: 'data', isList: true, contents: 'rows' }],
  ['columns', { name: 'columns', isList: false, contents: 'column names' }],
  ['missingvalues', { name: 'missingValues', isList: true, contents: 'texts' }],
]);

export const uploadMembers = [...knownMembers.values()].map(({ name }) => name);

type Member = NonNullable<ReturnType<typeof knownMembers.get>>;

const wrongShape = ({ name, isList, contents }: Member, actual: string): NexosisError =>
  invalidField(name, `${name} must be ${isList ? 'a list' : 'an object'} of ${contents}, not ${actual}.`);

type Token = Parameters<Tokenizer['onToken']>[0];

/**
 * Returns a listener for tokens, which calls `onMember` for each member of the body with the first token of its value.
 */
function memberListener(onMember: (name: string, first: Token) => void): (token: Token) => void {
  let [depth, text, afterColon] = [0, '', false];
  return (current) => {
    const { token, value } = current;
    if (depth === 1) {
      if (afterColon) onMember(text, current);
      afterColon = token === TokenType.COLON;
      if (token === TokenType.STRING) text = String(value);
    }
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) depth += 1;
    if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) depth -= 1;
  };
}

const kindOfToken = ({ token, value }: Token): string => {
  if (token === TokenType.LEFT_BRACKET) return kindOf([]);
  if (token === TokenType.LEFT_BRACE) return kindOf({});
  // The tokenizer returns some numbers as texts.
  return kindOf(token === TokenType.NUMBER ? 0 : value);
};

type MemberListener = (member: string, key: string | number | undefined, value: unknown) => void;

/**
 * Parses a body and yields its rows in batches. Calls the listeners for each item of another member, and for each
 * unknown one.
 */
async function* parseRows(
  body: Buffer,
  onMember: MemberListener,
  onUnknown?: (name: string) => void,
): AsyncGenerator<Record<string, unknown>[]> {
  let rows: Record<string, unknown>[] = [];
  let flaw: Error | null = null;
  let count = 0;
  const tokenizer = new ExactTokenizer();
  const parser = new TokenParser({ paths: ['$.*.*'], keepStack: false });
  const watchMembers = memberListener((name, first) => {
    const member = knownMembers.get(name.toLowerCase());
    if (member === undefined) return onUnknown?.(name);
    const opens = member.isList ? TokenType.LEFT_BRACKET : TokenType.LEFT_BRACE;
    // Null and "" count as absent, and an empty list as no columns.
    const isAbsent = first.value === null || first.value === '';
    const mayBeEmpty = !member.isList && first.token === TokenType.LEFT_BRACKET;
    if (first.token === opens || isAbsent || mayBeEmpty) return;
    flaw ??= wrongShape(member, kindOfToken(first));
  });
  const checkBounds = boundsChecker();
  tokenizer.onToken = (token) => {
    if (flaw !== null) return;
    try {
      checkBounds(token);
    } catch (error) {
      flaw = error as Error;
      return;
    }
    watchMembers(token);
    parser.write(token);
  };
  tokenizer.onError = (error) => (flaw ??= error);
  parser.onError = (error) => (flaw ??= error);
  parser.onValue = ({ value, key, stack }) => {
    const member = knownMembers.get(String(stack[1]?.key).toLowerCase());
    if (member === undefined) return;
    // The keys of a list are numbers, those of an object are texts.
    if (!member.isList && typeof key === 'number') flaw ??= wrongShape(member, kindOf([]));
    if (member.name !== 'data') return onMember(member.name, key, value);
    count += 1;
    if (isObject(value)) rows.push(value);
    else flaw ??= invalidField('data', `Row ${count} must be an object of columns, not ${kindOf(value)}.`);
  };
  let chunks = 0;
  for (let from = 0; from < body.length && flaw === null; from += chunkSize) {
    tokenizer.write(body.subarray(from, from + chunkSize));
    chunks += 1;
    if (rows.length >= batchSize || chunks >= maxChunks) {
      if (rows.length > 0) yield rows;
      [rows, chunks] = [[], 0];
    }
    if (body.length > chunkSize) await new Promise((resolve) => setImmediate(resolve));
  }
  if (rows.length > 0) yield rows;
  if ((flaw as Error | null) instanceof NexosisError) throw flaw;
  if (flaw === null && parser.isEnded) return;
  if (body.length <= maxBytesForPosition) throw invalidJson(new TextDecoder().decode(body));
  const problem = flaw === null ? 'it ends too early,' : 'something cannot be read';
  throw invalidField('body', `The body is not valid JSON: ${problem} after row ${count} of data.`);
}

import { type Tokenizer, TokenParser } from '@streamparser/json';
import { ExactTokenizer, WrittenTokenizer } from './json-tokens.js';

/** Bytes that are parsed before others have their turn. */
const piece = 128 * 1024;

type Texts = Readonly<Record<string, string>>;

/** The list that is `data` in a body that is known to be JSON: as uploads read it, and as it is written. */
export const predictRows = async (body: Buffer): Promise<[unknown[], unknown[]]> => [
  await listOf(body, new ExactTokenizer()),
  await listOf(body, new WrittenTokenizer()),
];

async function listOf(body: Buffer, tokenizer: Tokenizer): Promise<unknown[]> {
  let rows: unknown[] = [];
  const parser = new TokenParser({ paths: ['$.*'], keepStack: false });
  tokenizer.onToken = parser.write.bind(parser);
  parser.onValue = ({ value, key }) => {
    if (String(key).toLowerCase() === 'data' && Array.isArray(value)) rows = value;
  };
  for (let from = 0; from < body.length; from += piece) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve));
    tokenizer.write(body.subarray(from, from + piece));
  }
  return rows;
}

/**
 * An answered row with its values as they were written. A model must meet a number as the text that uploads make of it (7.1 of
 * 7.10), because where it is a name, another text is another name.
 */
export const asWritten = (answered: Texts, read: Texts, written: Texts, target: string): Texts =>
  Object.fromEntries(
    Object.entries(answered).map(([name, text]) => {
      const isSent = text === read[name] && name.toLowerCase() !== target.toLowerCase();
      return [name, isSent ? (written[name] ?? text) : text];
    }),
  );

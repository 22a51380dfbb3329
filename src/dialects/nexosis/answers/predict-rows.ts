import { type Tokenizer, TokenParser } from '@streamparser/json';
import { ExactTokenizer, LiteralTokenizer } from '../data/json-tokens.js';

/** Bytes that are parsed before other work may run. */
const chunkSize = 128 * 1024;

type TextRow = Readonly<Record<string, string>>;

/**
 * Reads the list `data` from a body of valid JSON twice: as uploads read it, and with numbers as the body spells them.
 */
export const predictRows = async (body: Buffer): Promise<[unknown[], unknown[]]> => [
  await listOf(body, new ExactTokenizer()),
  await listOf(body, new LiteralTokenizer()),
];

async function listOf(body: Buffer, tokenizer: Tokenizer): Promise<unknown[]> {
  let rows: unknown[] = [];
  const parser = new TokenParser({ paths: ['$.*'], keepStack: false });
  tokenizer.onToken = parser.write.bind(parser);
  parser.onValue = ({ value, key }) => {
    if (String(key).toLowerCase() === 'data' && Array.isArray(value)) rows = value;
  };
  for (let from = 0; from < body.length; from += chunkSize) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve));
    tokenizer.write(body.subarray(from, from + chunkSize));
  }
  return rows;
}

/**
 * Returns a predicted row with its values as the client spelled them. The model itself gets a number as uploads store
 * it (7.10 as 7.1), because in a column of names a different spelling would be a different name.
 */
export const withSentValues = (predicted: TextRow, read: TextRow, sent: TextRow, target: string): TextRow =>
  Object.fromEntries(
    Object.entries(predicted).map(([name, text]) => {
      const isSent = text === read[name] && name.toLowerCase() !== target.toLowerCase();
      return [name, isSent ? (sent[name] ?? text) : text];
    }),
  );

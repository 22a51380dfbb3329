import { type Tokenizer, TokenType } from '@streamparser/json';
import { maxDepth } from '../../../scheduler/json-text.js';
import { checkCount, checkValue } from './columns.js';
import { invalidField } from './errors.js';

type Token = Parameters<Tokenizer['onToken']>[0];

/** Most objects and lists inside the values of members other than `data`. Nothing reads them. */
const maxNested = 10_000;

const isOpening = (token: TokenType): boolean =>
  token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET;
const isClosing = (token: TokenType): boolean =>
  token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET;

/**
 * Returns a check for each token of an upload, to be called before a value is built from it. The check throws for an
 * object or list inside a row, and for too many or too deeply nested ones elsewhere. Otherwise each byte of `[[[[…`
 * would take about a hundred bytes of memory.
 */
export function boundsChecker(): (token: Token) => void {
  let [depth, member, name, text, rows, names, nested] = [0, '', '', '', 0, 0, 0];
  return ({ token, value }) => {
    if (token === TokenType.STRING) {
      text = String(value);
      if (member === 'data') checkValue(text, rows);
    }
    if (token === TokenType.COLON && depth === 1) member = text.toLowerCase();
    if (token === TokenType.COLON && depth === 3) {
      [name, names] = [text, names + 1];
      if (member === 'data') checkCount(names);
    }
    if (isClosing(token)) depth -= 1;
    if (!isOpening(token)) return;
    depth += 1;
    if (depth === 3) [rows, names] = [rows + 1, 0];
    if (depth < 4) return;
    if (member === 'data')
      throw invalidField(
        'data',
        `Row ${rows}: the value of ${name} must be a text, a number, true, false or null.`,
      );
    if (depth > maxDepth)
      throw invalidField('body', `${member} is nested more than ${maxDepth} levels deep.`);
    nested += 1;
    if (nested > maxNested)
      throw invalidField('body', `${member} has more than ${maxNested} objects and lists in its values.`);
  };
}

import { type Tokenizer, TokenType } from '@streamparser/json';
import { deepest } from '../../../scheduler/json-text.js';
import { checkCount, checkValue } from './columns.js';
import { invalidField } from './errors.js';

type Token = Parameters<Tokenizer['onToken']>[0];

/** Objects and lists that may stand within the values of other members than data; nobody reads them. */
const mostNested = 10_000;

const isOpening = (token: TokenType): boolean =>
  token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET;
const isClosing = (token: TokenType): boolean =>
  token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET;

/**
 * Looks at each token of an upload before anything is built of it, and throws at the first that no upload may have: a value
 * within a row that is an object or a list, or more of them elsewhere than anyone reads. Each byte of `[[[[…` would take some
 * hundred bytes of memory.
 */
export function watchBounds(): (token: Token) => void {
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
    if (depth > deepest) throw invalidField('body', `${member} is nested more than ${deepest} levels deep.`);
    nested += 1;
    if (nested > mostNested)
      throw invalidField('body', `${member} has more than ${mostNested} objects and lists in its values.`);
  };
}

import { codeIn, type Text } from '../scheduler/long-text.js';

export interface StatementParams {
  readonly statement: number;
  readonly kind: string;
  /** The code; a long one as the JSON string literal in which it was received. */
  readonly code: Text;
}

/** Parses the stored params of a statement's job: `{"statement", "kind", "code"}`. Long params have this order. */
export function statementParams(params: Text): StatementParams {
  if (typeof params === 'string') return JSON.parse(params) as StatementParams;
  const { statement, kind } = JSON.parse(`${params.head}""}`) as StatementParams;
  return { statement, kind, code: codeIn(params) };
}

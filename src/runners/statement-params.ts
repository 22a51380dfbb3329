import { codeIn, type Text } from '../scheduler/long-text.js';

export interface StatementParams {
  readonly statement: number;
  readonly kind: string;
  /** A long one as the string in JSON that it came as. */
  readonly code: Text;
}

/** Reads what a statement's job was stored with: `{"statement", "kind", "code"}`, of a long one in this order. */
export function statementParams(params: Text): StatementParams {
  if (typeof params === 'string') return JSON.parse(params) as StatementParams;
  const { statement, kind } = JSON.parse(`${params.head}""}`) as StatementParams;
  return { statement, kind, code: codeIn(params) };
}

import { auditLedger, UnreadableLedger, type Audit } from '../storage/sqlite/ledger-audit.js';

/** Output and exit code of a command. */
export interface CommandResult {
  readonly code: 0 | 1 | 2;
  readonly out: string;
  readonly err?: string;
}

/** Runs `stint ledger verify`. Exit code: 0 in order, 1 differences found, 2 ledger not readable. */
export function verifyLedger(folder: string, json: boolean): CommandResult {
  try {
    const audit = auditLedger(folder);
    const code = inOrder(audit) ? 0 : 1;
    return { code, out: json ? `${JSON.stringify(toJson(audit), null, 2)}\n` : toText(audit) };
  } catch (error) {
    if (!(error instanceof UnreadableLedger)) throw error;
    const { message } = error;
    return json
      ? { code: 2, out: `${JSON.stringify({ in_order: null, error: message }, null, 2)}\n` }
      : { code: 2, out: '', err: `${message}\n` };
  }
}

const inOrder = ({ laws }: Audit): boolean => laws.every(({ differences }) => differences === 0);
const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const toJson = (audit: Audit) => ({
  in_order: inOrder(audit),
  file: audit.file,
  last_change: iso(audit.aliveAt),
  ...audit.counts,
  charged_seconds: audit.charged / 1000,
  laws: audit.laws,
});

function toText(audit: Audit): string {
  const { entries, sessions, jobs, instances } = audit.counts;
  const total = audit.laws.reduce((sum, { differences }) => sum + differences, 0);
  const laws = audit.laws.map(({ law, differences, says }) => [
    law,
    differences === 0 ? 'ok' : String(differences),
    says,
  ]);
  const differences = audit.laws.flatMap(({ law, found }) =>
    found.map(({ subject, stored, derived }) => [law, subject, String(stored), String(derived)]),
  );
  const omitted = total - differences.length;
  return [
    `${audit.file}, last changed ${iso(audit.aliveAt) ?? 'never'}`,
    `${entries} entries, ${audit.charged / 1000} s charged; ${sessions} sessions, ${jobs} jobs, ${instances} instances`,
    '',
    ...table([['law', 'differs', 'says'], ...laws]),
    '',
    ...(total === 0 ? [] : [...table([['law', 'what', 'stored', 'derived'], ...differences]), '']),
    ...(omitted === 0 ? [] : [`and ${omitted} more differences of the same laws`, '']),
    total === 0 ? 'The ledger is in order.' : `The ledger is not in order: ${total} differences.`,
    '',
  ].join('\n');
}

/** Formats rows in columns that are as wide as their longest cell; the last column is not padded. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

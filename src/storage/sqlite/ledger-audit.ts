import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { toSeconds, type Millis } from '../../kernel/time.js';
import { ledgerLaws, type Law } from './ledger-laws.js';

export interface Difference {
  readonly subject: string;
  /** In seconds if the law is about time. */
  readonly stored: string | number | null;
  readonly derived: string | number | null;
}

export interface AuditedLaw {
  readonly law: string;
  readonly says: string;
  readonly differences: number;
  /** The first differences. */
  readonly found: readonly Difference[];
}

export interface Audit {
  readonly file: string;
  /** Time of the latest change, on the service's clock. */
  readonly aliveAt: Millis | null;
  readonly counts: { readonly [what in 'entries' | 'sessions' | 'jobs' | 'instances']: number };
  readonly charged: Millis;
  readonly laws: readonly AuditedLaw[];
}

/** The database is missing, damaged, or not Stint's. The message is for the operator. */
export class UnreadableLedger extends Error {}

/** The most differences that are listed for a law: one mistake may affect every later entry. */
const maxListed = 100;
/** The tables that the laws read. */
const tables = ['ledger', 'sessions', 'jobs', 'instances', 'backends', 'facts'];

/**
 * Derives every sum from the ledger's entries and compares it with the stored one. Reads everything in one transaction
 * that takes no lock, so it may run beside the service and sees one consistent state. Throws {@link UnreadableLedger}.
 */
export function auditLedger(folder: string): Audit {
  const file = join(folder, 'stint.sqlite');
  if (!existsSync(file)) throw new UnreadableLedger(`There is no ${file}: name the data folder with --data.`);
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { readonly: true, timeout: 5000 });
    db.exec('BEGIN');
    for (const table of tables) refuseDamage(db, table);
    return {
      file,
      ...summary(db),
      laws: [...ledgerLaws.map((law) => checkLaw(db as Database.Database, law))],
    };
  } catch (error) {
    if (error instanceof UnreadableLedger) throw error;
    throw new UnreadableLedger(
      `${file} cannot be read as a ledger of this version: ${error instanceof Error ? error.message : String(error)}.`,
    );
  } finally {
    db?.close();
  }
}

/** Refuses a damaged table, whose sums would be meaningless. */
function refuseDamage(db: Database.Database, table: string): void {
  const [first] = db.pragma(`integrity_check(${table})`) as { integrity_check: string }[];
  const damage = first?.integrity_check ?? 'no answer';
  if (damage !== 'ok') throw new UnreadableLedger(`${db.name} is damaged (${table}: ${damage.trim()}).`);
}

function summary(db: Database.Database): Pick<Audit, 'aliveAt' | 'counts' | 'charged'> {
  const number = (sql: string) => Number(db.prepare(sql).pluck().get() ?? 0);
  const count = (table: string) => number(`SELECT COUNT(*) FROM ${table}`);
  const alive = db.prepare(`SELECT value FROM facts WHERE "key" = 'alive_at'`).pluck().get();
  return {
    aliveAt: alive === undefined ? null : Number(alive),
    counts: {
      entries: count('ledger'),
      sessions: count('sessions'),
      jobs: count('jobs'),
      instances: count('instances'),
    },
    charged: number('SELECT SUM("to" - "from") FROM ledger'),
  };
}

function checkLaw(db: Database.Database, { name, says, unit, sql }: Law): AuditedLaw {
  const listed: Difference[] = [];
  let differences = 0;
  for (const row of db.prepare(sql).iterate() as Iterable<Difference>) {
    differences += 1;
    if (listed.length < maxListed) listed.push(unit === 'time' ? inSeconds(row) : row);
  }
  return { law: name, says, differences, found: listed };
}

const inSeconds = ({ subject, stored, derived }: Difference): Difference => ({
  subject,
  stored: typeof stored === 'number' ? toSeconds(stored) : stored,
  derived: typeof derived === 'number' ? toSeconds(derived) : derived,
});

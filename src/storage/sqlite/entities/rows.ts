import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/**
 * The rows of the database. Property names are column names, times are whole milliseconds UTC, flags are 0 or 1, and
 * JSON is text, so that the same definitions can serve SQLite and PostgreSQL. Rules belong in the kernel, not here.
 */

const millis = { type: 'bigint' } as const;
const millisOrNull = { type: 'bigint', nullable: true } as const;
const text = { type: 'text' } as const;
const textOrNull = { type: 'text', nullable: true } as const;

@Entity('backends')
export class BackendRow {
  @PrimaryColumn(text) name!: string;
  @Column(text) driver!: string;
  @Column('integer') slots!: number;
  @Column('integer') lanes!: number;
  @Column(text) limits!: string;
  @Column(text) on_idle!: string;
  @Column(text) status!: string;
  @Column(textOrNull) status_reason!: string | null;
  /** `service` while the service keeps the backend offline because its driver cannot run; else `operator`. */
  @Column({ type: 'text', default: 'operator' }) status_by!: string;
  @Column('integer') queued_jobs!: number;
  @Column(text) options!: string;
  @Column(millis) created_at!: number;
}

/** Has a row only for slots that were ever reserved. The holder of a slot is in the session's row. */
@Entity('slots')
export class SlotRow {
  @PrimaryColumn(text) backend!: string;
  @PrimaryColumn('integer') slot!: number;
  @Column(textOrNull) reserved_for!: string | null;
}

@Entity('instances')
@Index('instances_due', ['due_at', 'id'], { where: 'due_at IS NOT NULL' })
export class InstanceRow {
  @PrimaryColumn(text) id!: string;
  @Index('instances_name', { unique: true }) @Column(text) name!: string;
  @Index('instances_crn', { unique: true }) @Column(text) crn!: string;
  @Column('double precision') shares!: number;
  @Column(millisOrNull) budget!: number | null;
  @Column(text) plan!: string;
  @Column({ type: 'text', default: 'see' }) sharing!: string;
  /** Sum of its ledger entries, from which the next entry's running total is made. */
  @Column(millis) charged!: number;
  /** When its budget must be checked next; null without a budget. */
  @Column(millisOrNull) due_at!: number | null;
  @Column(millis) created_at!: number;
}

@Entity('tokens')
export class TokenRow {
  @PrimaryColumn(text) id!: string;
  @Index('tokens_hash', { unique: true }) @Column(text) hash!: string;
  @Column(text) user!: string;
  @Column(text) role!: string;
  @Column(text) instance!: string;
  @Column(millis) created_at!: number;
  @Column(millisOrNull) expires_at!: number | null;
  @Column(millisOrNull) revoked_at!: number | null;
}

@Entity('sessions')
@Index('sessions_due', ['due_at', 'due_rank', 'created_at', 'id'], { where: 'due_at IS NOT NULL' })
@Index('sessions_waiting', ['backend', 'instance', 'head_seq'], {
  where: "head_seq IS NOT NULL AND state IN ('open', 'inactive')",
})
@Index('sessions_batches', ['backend', 'activation'], {
  where: "head_seq IS NOT NULL AND state = 'active' AND mode = 'batch'",
})
@Index('sessions_activations', ['activation'], { where: 'activation IS NOT NULL' })
@Index('sessions_holding', ['backend'], { where: 'slot IS NOT NULL' })
@Index('sessions_accruing', ['instance'], { where: 'slot IS NOT NULL' })
@Index('sessions_listed', ['instance', 'created_at', 'id'])
@Index('sessions_all', ['created_at', 'id'])
export class SessionRow {
  @PrimaryColumn(text) id!: string;
  @Column(text) backend!: string;
  @Column(text) instance!: string;
  @Column(text) user!: string;
  @Column(text) mode!: string;
  @Column(text) limits!: string;
  @Column(text) state!: string;
  @Column(textOrNull) state_reason!: string | null;
  /** The kernel's code for why it closed. */
  @Column(textOrNull) close_code!: string | null;
  @Column('smallint') accepting_jobs!: number;
  @Column(millis) created_at!: number;
  @Column(millisOrNull) started_at!: number | null;
  @Column(millisOrNull) activated_at!: number | null;
  @Column(millisOrNull) activation!: number | null;
  @Column(millisOrNull) closed_at!: number | null;
  @Column(millisOrNull) last_job_started!: number | null;
  @Column(millisOrNull) last_job_completed!: number | null;
  @Column(text) timestamps!: string;
  @Column('integer') queued_jobs!: number;
  @Column('integer') running_jobs!: number;
  @Column(millisOrNull) head_seq!: number | null;
  @Column(millisOrNull) idle_since!: number | null;
  @Column(millisOrNull) heard_at!: number | null;
  @Column(millis) active_spent!: number;
  @Column(millisOrNull) active_since!: number | null;
  @Column(millis) used!: number;
  @Column({ type: 'integer', nullable: true }) slot!: number | null;
  @Column(millisOrNull) held_since!: number | null;
  @Column(millis) running_starts!: number;
  @Column(millisOrNull) due_at!: number | null;
  @Column({ type: 'smallint', nullable: true }) due_rank!: number | null;
  @Column(textOrNull) due_kind!: string | null;
}

@Entity('jobs')
@Index('jobs_due', ['due_at', 'due_rank', 'seq'], { where: 'due_at IS NOT NULL' })
@Index('jobs_alone', ['backend', 'instance', 'seq'], { where: "state = 'queued' AND session IS NULL" })
@Index('jobs_of_session', ['session', 'seq'], { where: "state = 'queued' AND session IS NOT NULL" })
@Index('jobs_running', ['backend', 'slot'], { where: "state = 'running'" })
@Index('jobs_accruing', ['instance'], { where: "state = 'running'" })
@Index('jobs_listed', ['instance', 'created_at', 'seq'])
@Index('jobs_by_session', ['session', 'seq'], { where: 'session IS NOT NULL' })
@Index('jobs_finished', ['backend', 'program', 'ended_at', 'instance', 'started_at'], {
  where: 'script IS NULL AND started_at IS NOT NULL AND ended_at IS NOT NULL',
})
export class JobRow {
  @PrimaryGeneratedColumn({ type: 'integer' }) seq!: number;
  @Index('jobs_id', { unique: true }) @Column(text) id!: string;
  @Column(text) backend!: string;
  @Column(text) instance!: string;
  @Column(text) user!: string;
  /** Null: the same as `user`. */
  @Column(textOrNull) charged_to!: string | null;
  @Column(textOrNull) session!: string | null;
  @Column(text) mode!: string;
  @Column(text) program!: string;
  @Column(text) state!: string;
  @Column(textOrNull) reason!: string | null;
  /** The kernel's code for why the service ended it. */
  @Column(textOrNull) end_code!: string | null;
  /** The program's own error number. */
  @Column({ type: 'integer', nullable: true }) reason_code!: number | null;
  @Column(millis) created_at!: number;
  @Column(millisOrNull) started_at!: number | null;
  @Column(millisOrNull) ended_at!: number | null;
  @Column(millis) max_execution_time!: number;
  @Column(textOrNull) script!: string | null;
  @Column('integer') attempts!: number;
  @Column('integer') max_attempts!: number;
  @Column(textOrNull) token!: string | null;
  @Column({ type: 'integer', nullable: true }) slot!: number | null;
  @Column(textOrNull) stop!: string | null;
  @Column(millis) used!: number;
  @Column(text) details!: string;
  @Column(millisOrNull) due_at!: number | null;
  @Column({ type: 'smallint', nullable: true }) due_rank!: number | null;
  @Column(textOrNull) due_kind!: string | null;
}

/** A text of many megabytes. Its owner is set once the text is complete; the owner's `body` is the text's beginning. */
@Entity('long_texts')
@Index('long_texts_owner', ['seq', 'kind'], { where: 'seq IS NOT NULL' })
export class LongTextRow {
  @PrimaryGeneratedColumn() id!: number;
  /** `params` or `result` of the job with number `seq`. */
  @Column(textOrNull) kind!: string | null;
  @Column('integer', { nullable: true }) seq!: number | null;
  @Column('integer') bytes!: number;
}

/**
 * The pieces of long texts. `place` combines the text's id and the piece's index. All pieces but the last have one
 * size.
 */
@Entity('long_text_parts')
export class LongTextPartRow {
  @PrimaryColumn('integer') place!: number;
  @Column('blob') body!: Buffer;
}

/**
 * In a table of its own, so that a status read never loads up to 64 MB of circuits. The key is `seq`, so rows are
 * appended.
 */
@Entity('job_params')
export class JobParamsRow {
  @PrimaryColumn('integer') seq!: number;
  @Column(text) body!: string;
}

@Entity('job_results')
export class JobResultRow {
  @PrimaryColumn('integer') seq!: number;
  @Column(text) body!: string;
}

@Entity('job_logs')
@Index('job_logs_job', ['job', 'id'])
export class JobLogRow {
  @PrimaryGeneratedColumn({ type: 'integer' }) id!: number;
  @Column(text) job!: string;
  @Column(millis) at!: number;
  @Column(text) level!: string;
  @Column(text) text!: string;
}

@Entity('job_tags')
@Index('job_tags_tag', ['tag', 'job'])
export class JobTagRow {
  @PrimaryColumn(text) job!: string;
  @PrimaryColumn(text) tag!: string;
}

/**
 * Append-only. `total` is the instance's sum up to and including this entry, so a window's sum takes two index
 * look-ups.
 */
@Entity('ledger')
@Index('ledger_window', ['instance', 'to', 'id'])
export class LedgerRow {
  @PrimaryGeneratedColumn({ type: 'integer' }) id!: number;
  @Column(text) kind!: string;
  @Column(text) backend!: string;
  @Column('integer') slot!: number;
  @Column(text) instance!: string;
  @Column(text) user!: string;
  @Column(textOrNull) session!: string | null;
  @Column(textOrNull) job!: string | null;
  @Column(millis) from!: number;
  @Column(millis) to!: number;
  @Column(millis) total!: number;
}

/** Append-only: every change of a session or a job, who caused it, and when it took effect and was processed. */
@Entity('events')
@Index('events_session', ['session', 'id'], { where: 'session IS NOT NULL' })
@Index('events_instance', ['instance', 'id'])
export class EventRow {
  @PrimaryGeneratedColumn({ type: 'integer' }) id!: number;
  @Column(text) type!: string;
  @Column(millis) at!: number;
  @Column(millis) processed_at!: number;
  @Column(text) actor!: string;
  @Column(textOrNull) cause!: string | null;
  @Column(text) backend!: string;
  @Column(text) instance!: string;
  @Column(textOrNull) session!: string | null;
  @Column(textOrNull) job!: string | null;
}

/**
 * Submits whose answer may not have arrived, and those with an Idempotency-Key: repeating the request returns the first
 * answer (semantics: exactly-once submit).
 */
@Entity('receipts', { withoutRowid: true })
@Index('receipts_subject', ['subject'])
@Index('receipts_at', ['at'])
export class ReceiptRow {
  @PrimaryColumn(text) key!: string;
  @PrimaryColumn(millis) at!: number;
  /** Id of the session or job that the submit created. */
  @PrimaryColumn(text) subject!: string;
  /** Hash of the body, if the key alone does not determine it. */
  @Column(textOrNull) hash!: string | null;
}

@Entity('facts')
export class FactRow {
  @PrimaryColumn(text) key!: string;
  @Column(text) value!: string;
}

export const rows = [
  BackendRow,
  SlotRow,
  InstanceRow,
  TokenRow,
  SessionRow,
  JobRow,
  LongTextRow,
  LongTextPartRow,
  JobParamsRow,
  JobResultRow,
  JobLogRow,
  JobTagRow,
  LedgerRow,
  EventRow,
  ReceiptRow,
  FactRow,
];

import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

const text = { type: 'text' } as const;

/** Sessions and batches of Livy's clients by number. Their changing state is in the rows of sessions and jobs. */
@Entity('livy_entries')
@Index('livy_entries_shown', ['type', 'number'], { where: 'removed_at IS NULL' })
@Index('livy_entries_name', ['type', 'name'], { where: 'name IS NOT NULL AND removed_at IS NULL' })
export class LivyEntryRow {
  @PrimaryColumn(text) type!: string;
  @PrimaryColumn('integer') number!: number;
  @Index('livy_entries_subject', { unique: true }) @Column(text) subject!: string;
  @Column(text) job!: string;
  @Column(text) instance!: string;
  @Column({ type: 'text', nullable: true }) name!: string | null;
  @Column(text) asked!: string;
  @Column({ type: 'bigint', nullable: true }) removed_at!: number | null;
}

/** The statements of sessions by number. Reading a statement takes three look-ups by primary key. */
@Entity('livy_statements')
export class LivyStatementRow {
  @PrimaryColumn('integer') session!: number;
  @PrimaryColumn('integer') number!: number;
  @Index('livy_statements_job', { unique: true }) @Column(text) job!: string;
}

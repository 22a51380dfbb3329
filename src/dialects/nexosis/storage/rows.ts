import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

const millis = { type: 'bigint' } as const;
const millisOrNull = { type: 'bigint', nullable: true } as const;
const text = { type: 'text' } as const;
const textOrNull = { type: 'text', nullable: true } as const;

/** `name_key` is the name in lower case, because look-ups ignore case. */
@Entity('nexosis_data_sets')
@Index('nexosis_data_sets_name', ['instance', 'name_key'], { unique: true, where: "state <> 'removed'" })
export class DataSetRow {
  @PrimaryGeneratedColumn({ type: 'integer' }) id!: number;
  @Column(text) instance!: string;
  @Column(text) name!: string;
  @Column(text) name_key!: string;
  @Column(text) columns!: string;
  @Column(text) missing_values!: string;
  @Column('integer') row_count!: number;
  @Column('integer') size!: number;
  @Column(millis) created_at!: number;
  @Column(millis) modified_at!: number;
  @Column(text) state!: string;
  /** The user who created it. Null if it was created before users were recorded. */
  @Column(textOrNull) user!: string | null;
}

/** The primary key is the order in which a set is read: by time, then by arrival. `body`: the values as a JSON list. */
@Entity('nexosis_rows', { withoutRowid: true })
@Index('nexosis_rows_key', ['data_set', 'key'], { unique: true, where: 'key IS NOT NULL' })
export class StoredDataRow {
  @PrimaryColumn('integer') data_set!: number;
  @PrimaryColumn(millis) at!: number;
  @PrimaryColumn('integer') seq!: number;
  @Column(textOrNull) key!: string | null;
  @Column('integer') size!: number;
  @Column(text) body!: string;
}

@Entity('nexosis_sessions')
@Index('nexosis_sessions_listed', ['instance', 'requested_at', 'id'])
@Index('nexosis_sessions_source', ['instance', 'source_key'])
export class LearnSessionRow {
  @PrimaryColumn(text) id!: string;
  @Index('nexosis_sessions_job', { unique: true }) @Column(text) job!: string;
  @Column(text) instance!: string;
  @Column(text) type!: string;
  @Column(text) name!: string;
  @Column(text) source_key!: string;
  @Column(textOrNull) event_name!: string | null;
  @Column(textOrNull) model_id!: string | null;
  @Column(millis) requested_at!: number;
  @Column(text) asked!: string;
  @Column(text) messages!: string;
  @Column(textOrNull) outcome!: string | null;
  /** The last progress that the calculation reported. */
  @Column(textOrNull) progress!: string | null;
}

/** Rows of results in chunks of some hundred. */
@Entity('nexosis_tables', { withoutRowid: true })
export class ResultTableRow {
  @PrimaryColumn(text) owner!: string;
  @PrimaryColumn(text) table!: string;
  @PrimaryColumn('integer') chunk!: number;
  @Column(text) body!: string;
}

@Entity('nexosis_models')
@Index('nexosis_models_source', ['instance', 'source_key'])
export class ModelRow {
  @PrimaryColumn(text) id!: string;
  @Column(text) instance!: string;
  @Column(text) source_key!: string;
  @Column(textOrNull) name!: string | null;
  @Column(text) domain!: string;
  @Column(millis) created_at!: number;
  @Column(millisOrNull) last_used_at!: number | null;
  @Column(text) body!: string;
}

@Entity('nexosis_views')
export class ViewRow {
  @PrimaryColumn(text) instance!: string;
  @PrimaryColumn(text) name_key!: string;
  @Column(text) body!: string;
}

@Entity('nexosis_imports')
@Index('nexosis_imports_listed', ['instance', 'requested_at'])
export class ImportRow {
  @PrimaryColumn(text) id!: string;
  @Column(text) instance!: string;
  @Column(millis) requested_at!: number;
  @Column(text) body!: string;
}

@Entity('nexosis_deliveries')
@Index('nexosis_deliveries_session', ['session', 'id'])
export class DeliveryRow {
  @PrimaryGeneratedColumn({ type: 'integer' }) id!: number;
  @Column(text) session!: string;
  @Column(text) url!: string;
  @Column(text) token!: string;
  @Column(text) body!: string;
  @Column('integer') attempts!: number;
  @Column(millis) due_at!: number;
}

@Entity('nexosis_accounts')
export class AccountRow {
  @PrimaryColumn(text) instance!: string;
  @Column('integer') predictions!: number;
}

export const nexosisRows = [
  DataSetRow,
  StoredDataRow,
  LearnSessionRow,
  ResultTableRow,
  ModelRow,
  ViewRow,
  ImportRow,
  DeliveryRow,
  AccountRow,
];

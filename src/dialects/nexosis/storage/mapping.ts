import type { DataSet, LearnSession, LearnSessionView } from './ports.js';
import { readable } from './readable.js';
import type { DataSetRow, LearnSessionRow } from './rows.js';
import { stored } from './stored-forms.js';
import type { Query, Value } from '../../../scheduler/query.ports.js';

/** Returns the key of a data set or view: its name in lower case, because look-ups ignore case. */
export const keyOf = (name: string): string => name.toLowerCase();

export const typeOf = (domain: LearnSession['domain']): string =>
  domain === 'forecast' || domain === 'impact' ? domain : 'model';

export type DataSetRecord = Record<keyof Omit<DataSetRow, 'id'>, Value>;

export const fromDataSet = (dataSet: Omit<DataSet, 'id'>): DataSetRecord => ({
  instance: dataSet.instance,
  name: dataSet.name,
  name_key: keyOf(dataSet.name),
  columns: stored.dataSet.columns.write(dataSet.columns),
  missing_values: stored.dataSet.missingValues.write(dataSet.missingValues),
  row_count: dataSet.rowCount,
  size: dataSet.size,
  created_at: dataSet.createdAt,
  modified_at: dataSet.modifiedAt,
  state: dataSet.state,
  user: dataSet.user,
});

export const toDataSet = (row: DataSetRow): DataSet => ({
  id: Number(row.id),
  instance: row.instance,
  name: row.name,
  columns: stored.dataSet.columns.read(row.columns, String(row.id)),
  missingValues: stored.dataSet.missingValues.read(row.missing_values, String(row.id)),
  rowCount: Number(row.row_count),
  size: Number(row.size),
  createdAt: Number(row.created_at),
  modifiedAt: Number(row.modified_at),
  state: stored.dataSet.state(row.state, String(row.id)),
  user: row.user,
});

export function fromLearnSession(session: LearnSession): Record<keyof LearnSessionRow, Value> {
  const { id, job, instance, name, eventName, modelId, requestedAt, messages, outcome, ...request } = session;
  return {
    id,
    job,
    instance,
    type: typeOf(session.domain),
    name,
    source_key: keyOf(session.source),
    event_name: eventName,
    model_id: modelId,
    requested_at: requestedAt,
    asked: stored.session.request.write(request),
    messages: stored.session.messages.write(messages),
    outcome: outcome === null ? null : stored.session.outcome.write(outcome),
    progress: null,
  };
}

type JoinedRow = LearnSessionRow & {
  job_state: string | null;
  job_reason: string | null;
  end_code: string | null;
  max_execution_time: number | null;
  close_code: string | null;
  state_reason: string | null;
  limits: string | null;
  ended_at: number | null;
  started_at: number | null;
};

/** Joins the job, which has the state, and the kernel's session, which has the first start. */
export const selectLearnSession =
  'SELECT s.*, j.state AS job_state, j.reason AS job_reason, j.end_code, j.max_execution_time, j.ended_at, k.started_at, k.close_code, k.state_reason, k.limits FROM nexosis_sessions s LEFT JOIN jobs j ON j.id = s.job LEFT JOIN sessions k ON k.id = s.id';

export const toLearnSession = (row: JoinedRow): LearnSessionView => ({
  ...stored.session.request.read(row.asked, row.id),
  id: row.id,
  job: row.job,
  instance: row.instance,
  name: row.name,
  eventName: row.event_name,
  modelId: row.model_id,
  requestedAt: Number(row.requested_at),
  messages: stored.session.messages.read(row.messages, row.id),
  outcome: row.outcome === null ? null : stored.session.outcome.read(row.outcome, row.id),
  progress: row.progress,
  jobState: row.job_state === null ? null : stored.kernel.jobState(row.job_state, row.job),
  jobReason: row.job_reason,
  jobEndCode: row.end_code === null ? null : stored.kernel.endCode(row.end_code, row.job),
  jobLimit: Number(row.max_execution_time ?? 0),
  ending:
    row.end_code !== 'session_closed' || row.limits === null
      ? null
      : {
          closeCode: row.close_code === null ? null : stored.kernel.closeCode(row.close_code, row.id),
          stateReason: row.state_reason,
          limits: stored.kernel.limits.read(row.limits, row.id),
        },
  startedAt: row.started_at === null ? null : Number(row.started_at),
  endedAt: row.ended_at === null ? null : Number(row.ended_at),
});

export async function findLearnSession(
  sql: Query,
  where: string,
  ...values: Value[]
): Promise<LearnSessionView | null> {
  const row = await sql.one<JoinedRow>(`${selectLearnSession} WHERE ${where}`, ...values);
  return row === null ? null : toLearnSession(row);
}

export const listLearnSessions = async (sql: Query, rest: string, ...values: Value[]) =>
  readable(await sql.all<JoinedRow>(`${selectLearnSession} ${rest}`, ...values), toLearnSession);

import type { LearnSession, LearnSessionView, StatusMessage } from '../storage/ports.js';
import type { QueuePlace } from '../../../kernel/choice/waiting.js';
import type { JobState } from '../../../kernel/job/job.js';
import { writeColumns } from './columns.js';
import { writeMoment } from './dates.js';
import { failureReason } from './endings.js';
import type { Link } from './paging.js';

export type Status = 'requested' | 'started' | 'completed' | 'failed' | 'cancelled';

/** The status of a session by the state of its one job (semantics: the other dialects on the same kernel). */
const statusByJobState = {
  queued: 'requested',
  running: 'started',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
} as const satisfies Record<JobState, Status>;

export function statusOf({ jobState, startedAt, outcome }: LearnSessionView): Status {
  // The job was removed, so only the stored outcome shows how the session ended.
  if (jobState === null) return outcome === null ? 'failed' : 'completed';
  // The job was queued again after its runner was lost, but the session had already started.
  return jobState === 'queued' && startedAt !== null ? 'started' : statusByJobState[jobState];
}

/** Returns the value of the status header. Clients compare it in this case. */
export const statusHeader = (status: Status): string => `${status[0]?.toUpperCase()}${status.slice(1)}`;

export const isTimeSeries = ({ domain }: Pick<LearnSession, 'domain'>): boolean =>
  domain === 'forecast' || domain === 'impact';

export function supportsImportance(session: LearnSession): boolean {
  if (session.domain === 'classification' || session.domain === 'regression') return true;
  return session.domain === 'forecast' && session.columns.some(({ role }) => role === 'feature');
}

/**
 * Returns the members of a session without `columns` (nexosis dialect, session object). `place`: where its job waits.
 */
export function sessionFields(session: LearnSessionView, place: QueuePlace | null = null) {
  const status = statusOf(session);
  const { outcome, startedAt, endedAt } = session;
  const history = [{ date: writeMoment(session.requestedAt), status: 'requested' as Status }];
  if (startedAt !== null) history.push({ date: writeMoment(startedAt), status: 'started' });
  if (status !== 'requested' && status !== 'started')
    history.push({ date: writeMoment(endedAt ?? startedAt ?? session.requestedAt), status });
  const result = status === 'completed' ? outcome : null;
  return {
    sessionId: session.id,
    type: isTimeSeries(session) ? session.domain : 'model',
    status,
    predictionDomain: session.domain,
    supportsFeatureImportance: supportsImportance(session),
    availablePredictionIntervals: intervalsOf(session, result?.intervals),
    ...(result !== null && session.modelId !== null && { modelId: session.modelId }),
    ...(session.eventName !== null && { eventName: session.eventName }),
    ...(session.start !== null && {
      startDate: session.start,
      endDate: session.end,
      resultInterval: session.interval,
    }),
    requestedDate: writeMoment(session.requestedAt),
    statusHistory: history,
    extraParameters: session.extra,
    messages: messagesOf(session, status, place),
    name: session.name,
    dataSourceName: session.source,
    dataSetName: session.source,
    targetColumn: session.target,
    ...(result !== null && { algorithm: result.algorithm }),
    ...(session.callbackUrl !== null && { callbackUrl: session.callbackUrl }),
    isEstimate: false,
  };
}

function intervalsOf({ domain }: LearnSession, intervals: readonly string[] | undefined): readonly string[] {
  if (domain === 'classification' || domain === 'anomalies') return [];
  return intervals !== undefined && intervals.length > 0 ? intervals : ['0.5'];
}

function messagesOf(session: LearnSessionView, status: Status, place: QueuePlace | null): StatusMessage[] {
  const { messages, outcome, progress } = session;
  const all = [...messages, ...(status === 'completed' ? (outcome?.messages ?? []) : [])];
  if (place !== null) {
    const message = `Waits at position ${place.position} of the queue: ${place.reason}.`;
    return [...all, { severity: 'informational', message }];
  }
  if (status === 'started' && progress !== null) all.push({ severity: 'informational', message: progress });
  if (status === 'failed')
    all.push({ severity: 'error', message: failureReason(session) ?? 'The calculation was removed.' });
  if (status === 'cancelled')
    all.push({ severity: 'warning', message: failureReason(session) ?? 'The session was cancelled.' });
  return all;
}

/** Returns the links to all parts that a session has (nexosis dialect, links). */
export function sessionLinks(session: LearnSessionView, base = session.base): Link[] {
  const at = `${base}/sessions/${session.id}`;
  const source = session.sourceKind === 'view' ? 'views' : 'data';
  const links = [
    { rel: 'self', href: at },
    { rel: 'results', href: `${at}/results` },
    { rel: 'data', href: `${base}/${source}/${encodeURIComponent(session.source)}` },
  ];
  const result = statusOf(session) === 'completed' ? session.outcome : null;
  if (result === null) return links;
  const add = (rel: string, href: string) => links.push({ rel, href });
  if (session.modelId !== null) add('model', `${base}/models/${session.modelId}`);
  add('contest', `${at}/contest`);
  if (result.confusion !== null) add('confusionMatrix', `${at}/results/confusionmatrix`);
  for (const [table, rel] of detailTables) if (table in result.tables) add(rel, `${at}/results/${table}`);
  if (result.importance !== null) add('featureImportance', `${at}/results/featureimportance`);
  for (const q of result.intervals) add(`prediction-interval:${q}`, `${at}/results?predictionInterval=${q}`);
  return links;
}

/** Tables of details: the last segment of their path, and the rel of the link to it. */
export const detailTables = [
  ['classscores', 'classScores'],
  ['anomalyscores', 'anomalyScores'],
  ['mahalanobisdistances', 'mahalanobisDistances'],
  ['outliers', 'outliers'],
] as const;

/** Returns a session as the responses to POST and GET and the items of lists show it. */
export const fromSession = (session: LearnSessionView, base?: string, place: QueuePlace | null = null) => ({
  ...sessionFields(session, place),
  columns: writeColumns(session.columns),
  links: sessionLinks(session, base),
});

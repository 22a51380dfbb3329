import { endCodes, jobStates } from '../../../kernel/job/job.js';
import { closeCodes, type SessionLimits } from '../../../kernel/session/session.js';
import {
  anyObject,
  flag,
  jsonColumn,
  listOf,
  mapOf,
  optionalMember,
  member,
  Mismatch,
  number,
  objectOf,
  oneOf,
  orNull,
  text,
  whole,
  wordColumn,
  type Codec,
} from '../../../scheduler/codec.js';
import {
  aggregations,
  dataTypes,
  domains,
  imputations,
  intervals,
  columnRoles,
  type Algorithm,
  type Column,
  type Contestant,
  type Import,
  type LearnSession,
  type Model,
  type SessionOutcome,
  type StatusMessage,
  type View,
} from './ports.js';

/**
 * The stored forms of this dialect's JSON columns. A released form never changes its meaning: a new member is optional,
 * or a migration writes it.
 */

/** The part of a session that is stored in the column `asked`. */
export type StoredRequest = Omit<
  LearnSession,
  'id' | 'job' | 'instance' | 'name' | 'eventName' | 'modelId' | 'requestedAt' | 'messages' | 'outcome'
>;

/** Free JSON that is checked elsewhere. */
const anyJson: Codec<unknown> = { decode: (stored) => stored, encode: (value) => value, accepts: () => true };

const isTextList = (stored: unknown): stored is string[] =>
  Array.isArray(stored) && stored.every((each) => typeof each === 'string');

/** A list of texts, checked as a whole, because a data set has millions of values. */
const texts: Codec<readonly string[]> = {
  decode(stored) {
    if (!isTextList(stored)) throw new Mismatch('a list of texts was expected');
    return stored;
  },
  encode: (value) => value,
  accepts: isTextList,
};

const alwaysTrue: Codec<true> = {
  decode(stored) {
    if (stored !== true) throw new Mismatch('true was expected');
    return stored;
  },
  encode: (value) => value,
  accepts: (stored) => stored === true,
};

/** The matrix holds null for a count that the learner did not give as a number. */
const matrixRow = listOf(orNull(number)) as Codec<readonly number[]>;

const column = objectOf<Column>({
  name: member('name', text),
  dataType: member('dataType', oneOf(...dataTypes)),
  role: member('role', oneOf(...columnRoles)),
  imputation: optionalMember('imputation', oneOf(...imputations)),
  aggregation: optionalMember('aggregation', oneOf(...aggregations)),
  imputationSet: optionalMember('imputationSet', alwaysTrue),
});

const message = objectOf<StatusMessage>({
  severity: member('severity', oneOf('debug', 'informational', 'warning', 'error')),
  message: member('message', text),
});

const algorithm = objectOf<Algorithm>({
  name: member('name', text),
  description: member('description', text),
  key: member('key', text),
});

const contestant = objectOf<Contestant>({
  id: member('id', text),
  algorithm: member('algorithm', algorithm),
  metrics: member('metrics', mapOf(number)),
  dataSourceProperties: member('dataSourceProperties', texts),
  champion: member('champion', flag),
  table: member('table', orNull(text)),
});

const outcome = objectOf<SessionOutcome>({
  metrics: member('metrics', mapOf(number)),
  algorithm: member('algorithm', algorithm),
  intervals: member('intervals', texts),
  messages: member('messages', listOf(message)),
  contestants: member('contestants', listOf(contestant)),
  selection: member('selection', anyJson),
  tables: member(
    'tables',
    mapOf(
      objectOf<SessionOutcome['tables'][string]>({
        columns: member('columns', texts),
        count: member('count', whole),
      }),
    ),
  ),
  confusion: member(
    'confusion',
    orNull(
      objectOf<NonNullable<SessionOutcome['confusion']>>({
        classes: member('classes', texts),
        matrix: member('matrix', listOf(matrixRow)),
      }),
    ),
  ),
  classes: member('classes', texts),
  importance: member('importance', orNull(mapOf(number))),
});

const request = objectOf<StoredRequest>({
  domain: member('domain', oneOf(...domains)),
  missingValues: member('missingValues', texts),
  columns: member('columns', listOf(column)),
  interval: member('interval', orNull(oneOf(...intervals))),
  target: member('target', text),
  start: member('start', orNull(text)),
  end: member('end', orNull(text)),
  extra: member('extra', anyObject),
  callbackUrl: member('callbackUrl', orNull(text)),
  base: member('base', text),
  user: member('user', text),
  source: member('source', text),
  sourceKind: member('sourceKind', oneOf('dataSet', 'view')),
  token: member('token', orNull(text)),
});

const model = objectOf<Model>({
  id: member('id', text),
  instance: member('instance', text),
  user: optionalMember('user', text),
  session: member('session', text),
  name: member('name', orNull(text)),
  domain: member('domain', oneOf(...domains)),
  source: member('source', text),
  target: member('target', text),
  algorithm: member('algorithm', algorithm),
  columns: member('columns', listOf(column)),
  metrics: member('metrics', mapOf(number)),
  sha256: member('sha256', text),
  createdAt: member('createdAt', whole),
  lastUsedAt: member('lastUsedAt', orNull(whole)),
});

const view = objectOf<View>({
  name: member('name', text),
  dataSet: member('dataSet', text),
  joins: member('joins', listOf(anyJson)),
  columns: member('columns', anyObject),
  instance: member('instance', text),
  user: optionalMember('user', text),
  createdAt: member('createdAt', whole),
});

const statuses = ['requested', 'started', 'completed', 'failed'] as const;

const dataImport = objectOf<Import>({
  id: member('id', text),
  instance: member('instance', text),
  dataSet: member('dataSet', text),
  type: member('type', oneOf('url', 's3', 'azure')),
  status: member('status', oneOf(...statuses)),
  history: member(
    'history',
    listOf(
      objectOf<Import['history'][number]>({
        at: member('at', whole),
        status: member('status', oneOf(...statuses)),
      }),
    ),
  ),
  parameters: member('parameters', anyObject),
  columns: member('columns', anyObject),
  messages: member('messages', listOf(message)),
  requestedAt: member('requestedAt', whole),
});

export const stored = {
  dataSet: {
    columns: jsonColumn('nexosis_data_sets.columns', listOf(column)),
    missingValues: jsonColumn('nexosis_data_sets.missing_values', texts),
    state: wordColumn('nexosis_data_sets.state', ['new', 'ready', 'removed']),
  },
  row: jsonColumn('nexosis_rows.body', texts),
  session: {
    request: jsonColumn('nexosis_sessions.asked', request),
    messages: jsonColumn('nexosis_sessions.messages', listOf(message)),
    outcome: jsonColumn('nexosis_sessions.outcome', outcome),
  },
  table: jsonColumn('nexosis_tables.body', listOf(texts)),
  model: jsonColumn('nexosis_models.body', model),
  view: jsonColumn('nexosis_views.body', view),
  import: jsonColumn('nexosis_imports.body', dataImport),
  /** Columns of the scheduler's tables that are read together with a session. */
  kernel: {
    jobState: wordColumn('jobs.state', jobStates),
    endCode: wordColumn('jobs.end_code', endCodes),
    closeCode: wordColumn('sessions.close_code', closeCodes),
    /** The scheduler checks the members itself. */
    limits: jsonColumn('sessions.limits', anyObject as unknown as Codec<SessionLimits>),
  },
};

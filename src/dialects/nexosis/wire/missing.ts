import type { Domain, LearnSessionView } from '../storage/ports.js';
import { NexosisError } from './errors.js';
import { statusOf, supportsImportance } from './session.wire.js';

interface Part {
  /** Completes "has no". */
  readonly called: string;
  /** Ends a sentence with the kinds of sessions that have the part. Absent if all kinds have it. */
  readonly only?: string;
  readonly has: (session: LearnSessionView) => boolean;
}

const of =
  (domain: Domain) =>
  (session: LearnSessionView): boolean =>
    session.domain === domain;

/** Parts that not every session has, by the last segment of their path. Every completed session has a contest. */
const parts = {
  confusionmatrix: {
    called: 'confusion matrix',
    only: 'only a classification has one',
    has: of('classification'),
  },
  classscores: {
    called: 'class scores',
    only: 'only a classification has them',
    has: of('classification'),
  },
  anomalyscores: {
    called: 'anomaly scores',
    only: 'only a search for anomalies has them',
    has: of('anomalies'),
  },
  mahalanobisdistances: {
    called: 'Mahalanobis distances',
    only: 'only a search for anomalies has them',
    has: of('anomalies'),
  },
  featureimportance: {
    called: 'feature importance',
    only: 'only a classification, a regression or a forecast with features has it',
    has: supportsImportance,
  },
  outliers: { called: 'outliers', only: 'only a forecast has them', has: of('forecast') },
  contest: { called: 'contest', has: () => true },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof parts;

/** Parts with a path below `results`. */
export const detailNames = Object.keys(parts).filter((name) => name !== 'contest');

const kinds = {
  forecast: 'a forecast',
  impact: 'an impact analysis',
  regression: 'a regression',
  classification: 'a classification',
  anomalies: 'a search for anomalies',
} as const satisfies Record<Domain, string>;

/**
 * Returns the 404 for a part that an existing session does not have, as clients expect it (nexosis dialect, result
 * details). The message differs from that for an unknown session, so that nobody looks for a wrong id.
 */
export function missingPart(session: LearnSessionView, name: PartName): NexosisError {
  const details = { itemType: 'session', itemId: session.id };
  return new NexosisError(
    404,
    'NotFound',
    `Session ${session.id} ${reasonMissing(session, parts[name])}`,
    details,
  );
}

function reasonMissing(session: LearnSessionView, { called, only, has }: Part): string {
  // Name the kind first, so that nobody waits for a part that the session will never have.
  if (!has(session)) return `is ${kinds[session.domain]} and has no ${called}; ${only ?? ''}.`;
  const status = statusOf(session);
  if (status === 'requested' || status === 'started')
    return `is not completed yet, its status is ${status}: it has no ${called} before its end.`;
  if (status === 'failed') return `failed and has no ${called}; its messages say why.`;
  return `${status === 'cancelled' ? 'was cancelled and has' : 'has'} no ${called}.`;
}

import type { Domain, LearnSessionView } from '../storage/ports.js';
import { NexosisError } from './errors.js';
import { statusOf, supportsImportance } from './session.wire.js';

interface Part {
  /** As it stands after "no" and "its". */
  readonly called: string;
  /** The kinds of sessions that have it, as the end of a sentence, and whether this one is of them. */
  readonly only?: string;
  readonly has: (session: LearnSessionView) => boolean;
}

const of =
  (domain: Domain) =>
  (session: LearnSessionView): boolean =>
    session.domain === domain;

/** What only some sessions have, by the last part of its address; a contest has every one. */
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

/** The parts that are read below `results`. */
export const detailNames = Object.keys(parts).filter((name) => name !== 'contest');

const kinds = {
  forecast: 'a forecast',
  impact: 'an impact analysis',
  regression: 'a regression',
  classification: 'a classification',
  anomalies: 'a search for anomalies',
} as const satisfies Record<Domain, string>;

/**
 * A session that exists does not have this part. 404 as clients know it (nexosis dialect, result details), but not in the
 * words of an unknown session: who reads those looks for a wrong id.
 */
export function missingPart(session: LearnSessionView, name: PartName): NexosisError {
  const details = { itemType: 'session', itemId: session.id };
  return new NexosisError(
    404,
    'NotFound',
    `Session ${session.id} ${whyMissing(session, parts[name])}`,
    details,
  );
}

function whyMissing(session: LearnSessionView, { called, only, has }: Part): string {
  // The kind comes first: for a part that it will never have nobody should wait until its end.
  if (!has(session)) return `is ${kinds[session.domain]} and has no ${called}; ${only ?? ''}.`;
  const status = statusOf(session);
  if (status === 'requested' || status === 'started')
    return `is not completed yet, its status is ${status}: it has no ${called} before its end.`;
  if (status === 'failed') return `failed and has no ${called}; its messages say why.`;
  return `${status === 'cancelled' ? 'was cancelled and has' : 'has'} no ${called}.`;
}

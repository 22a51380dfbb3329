import { getMetadataStorage } from 'class-validator';
import { closest, distance } from 'fastest-levenshtein';
import { suggestName } from '../near-names.js';
import { QiskitError } from './refusal-kinds.js';
import type { SubmitJobRequest } from './requests.dto.js';

/** Limits on names that a client sent, in warnings: how many are listed, and how long each may be. */
const mostNames = 10;
const mostCharacters = 60;

/** Names that users often send by mistake, with the correct ones. */
export const jobSynonyms: ReadonlyMap<string, string> = new Map([
  ['max_execution_time', "'cost'"],
  ['timeout', "'cost'"],
  ['job_tags', "'tags'"],
  ['backend_name', "'backend'"],
  ['device', "'backend'"],
  ['program', "'program_id'"],
  ['inputs', "'params'"],
  ['image', "'runtime'"],
  ['session', "'session_id'"],
  ['start_session', 'POST /sessions, whose id is the session_id'],
  ['session_time', "'max_ttl' of POST /sessions"],
  ['options', "'options' in 'params'"],
  ['pubs', "'pubs' in 'params'"],
  ['shots', "'default_shots' in the options of 'params'"],
  ['resilience_level', "'resilience_level' in 'params'"],
  ['instance', 'the header Service-CRN'],
]);
export const sessionSynonyms: ReadonlyMap<string, string> = new Map([
  ['max_time', "'max_ttl'"],
  ['ttl', "'max_ttl'"],
  ['max_session_time', "'max_ttl'"],
  ['idle_timeout', "'interactive_ttl'"],
  ['device', "'backend'"],
]);

/**
 * Returns a warning for each member of `body` that `type` does not have, with the nearest known name. Unknown members
 * are accepted because newer and older clients may send more.
 */
export function unknownMembers(
  body: unknown,
  type: new () => object,
  synonyms: ReadonlyMap<string, string>,
): string[] {
  if (typeof body !== 'object' || body === null) return [];
  const known = membersOf(type);
  const unknown = Object.entries(body).filter(([name, value]) => value !== null && !known.includes(name));
  const sentences = unknown.slice(0, mostNames).map(([name]) => {
    const nearest = synonyms.get(name) ?? nearestOf(name, known);
    const hint = nearest === undefined ? `known are: ${known.join(', ')}` : `the nearest is ${nearest}`;
    return `'${clean(name)}' is not known here and was ignored; ${hint}`;
  });
  const further = unknown.length - sentences.length;
  return further > 0 ? [...sentences, `${further} further members are not known here`] : sentences;
}

/** Returns a warning for each member of a submit that is stored and shown but has no effect. */
export function idleMembers(body: SubmitJobRequest): string[] {
  const sentences: string[] = [];
  if (body.runtime != null) sentences.push("'runtime' has no effect: a backend has one set of programs");
  if (body.calibration_id != null)
    sentences.push("'calibration_id' has no effect: a backend has one set of properties");
  return sentences;
}

/** Names of filters that users often send by mistake, with the correct ones. */
const filterSynonyms: ReadonlyMap<string, string> = new Map([
  ['program_id', 'program'],
  ['session', 'session_id'],
  ['backend_name', 'backend'],
  ['job_tags', 'tags'],
]);

/**
 * Refuses a parameter that is probably a misspelt filter of `type`. If it were ignored, the answer would contain
 * everything and look as if it were filtered. Other unknown parameters are ignored, because clients of other versions
 * may send more.
 */
export const refuseNearMisses = (query: unknown, type: new () => object): void =>
  refuseNearNames(query, membersOf(type));

/** Like {@link refuseNearMisses}, for a list of names. */
export function refuseNearNames(query: unknown, known: readonly string[]): void {
  for (const name of Object.keys((query ?? {}) as object)) {
    if (known.includes(name)) continue;
    const synonym = filterSynonyms.get(name.toLowerCase());
    const nearest = synonym !== undefined && known.includes(synonym) ? synonym : suggestName(name, known);
    if (nearest !== undefined)
      throw new QiskitError(
        'invalid_value',
        `There is no filter called ${clean(name)}.`,
        `The nearest is ${nearest}; known are: ${known.join(', ')}.`,
      );
  }
}

const membersOf = (type: new () => object): string[] => {
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', true, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
};

/** Returns the nearest known name in quotes; undefined if more than half of the letters differ. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  if (name.length > mostCharacters) return undefined;
  const word = name.toLowerCase();
  const nearest = closest(word, known);
  return distance(word, nearest) * 2 <= Math.max(word.length, nearest.length) ? `'${nearest}'` : undefined;
}

/** Makes a name safe for one line of a log. */
function clean(name: string): string {
  const line = name.slice(0, mostCharacters).replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?');
  return name.length > mostCharacters ? `${line}…` : line;
}

import { getMetadataStorage } from 'class-validator';
import { closest, distance } from 'fastest-levenshtein';
import { nearName } from '../near-names.js';
import { QiskitError } from './refusal-kinds.js';
import type { SubmitJobRequest } from './requests.dto.js';

/** Names come from outside: at most so many are named, and each is cut. */
const mostNamed = 10;
const mostCharacters = 60;

/** What people write where the wire has another name. */
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
 * A sentence for each member of `body` that `type` does not know, with the nearest name that it knows. Clients of another
 * age may send more, so unknown members are accepted.
 */
export function unknownMembers(
  body: unknown,
  type: new () => object,
  synonyms: ReadonlyMap<string, string>,
): string[] {
  if (typeof body !== 'object' || body === null) return [];
  const known = membersOf(type);
  const given = Object.entries(body).filter(([name, value]) => value !== null && !known.includes(name));
  const sentences = given.slice(0, mostNamed).map(([name]) => {
    const nearest = synonyms.get(name) ?? nearestOf(name, known);
    const hint = nearest === undefined ? `known are: ${known.join(', ')}` : `the nearest is ${nearest}`;
    return `'${clean(name)}' is not known here and was ignored; ${hint}`;
  });
  const further = given.length - sentences.length;
  return further > 0 ? [...sentences, `${further} further members are not known here`] : sentences;
}

/** A sentence for each member of a submit that is kept and shown, but changes nothing. */
export function idleMembers(body: SubmitJobRequest): string[] {
  const sentences: string[] = [];
  if (body.runtime != null) sentences.push("'runtime' has no effect: a backend has one set of programs");
  if (body.calibration_id != null)
    sentences.push("'calibration_id' has no effect: a backend has one set of properties");
  return sentences;
}

/** What people write where a filter has another name. */
const filterSynonyms: ReadonlyMap<string, string> = new Map([
  ['program_id', 'program'],
  ['session', 'session_id'],
  ['backend_name', 'backend'],
  ['job_tags', 'tags'],
]);

/**
 * Refuses a parameter that all but names a filter of `type`: ignored, it would answer everything, and that looks as if it were
 * what was asked for. Other unknown parameters are ignored, as clients of another age may send more.
 */
export const refuseNearMisses = (query: unknown, type: new () => object): void =>
  refuseNearNames(query, membersOf(type));

/** The same for parameters that are known by their names alone. */
export function refuseNearNames(query: unknown, known: readonly string[]): void {
  for (const name of Object.keys((query ?? {}) as object)) {
    if (known.includes(name)) continue;
    const meant = filterSynonyms.get(name.toLowerCase());
    const nearest = meant !== undefined && known.includes(meant) ? meant : nearName(name, known);
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

/** Beyond half of its letters a name is another one. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  if (name.length > mostCharacters) return undefined;
  const word = name.toLowerCase();
  const nearest = closest(word, known);
  return distance(word, nearest) * 2 <= Math.max(word.length, nearest.length) ? `'${nearest}'` : undefined;
}

/** Fit for one line of a log. */
function clean(name: string): string {
  const line = name.slice(0, mostCharacters).replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?');
  return name.length > mostCharacters ? `${line}…` : line;
}

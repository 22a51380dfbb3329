import { LongText, type Text } from '../scheduler/long-text.js';
import { lineWith, quoted, type Line } from './long-lines.js';

/**
 * The messages about attempts between the service and its runners: one JSON object per line, over any transport
 * (docs/attempt-protocol.md). All kinds of runners use the same messages, from workers of the pool to interpreters of
 * sessions; `ready` lists optional capabilities. `protocol/attempts.jsonl` contains golden messages for the tests of
 * both languages.
 */
export const protocolVersion = 2;

/** The attempt that a message is about. */
export interface OfAttempt {
  readonly job: string;
  /** The fencing token, which every message about the attempt contains. */
  readonly token: string;
}

export interface Start extends OfAttempt {
  readonly type: 'start';
  readonly program: string;
  readonly backend: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  /** The job's params as the unchanged JSON text. */
  readonly params: Text;
  readonly log_level: string;
}

/** Requests completions after the first `cursor` characters of `code`. */
export interface Suggest {
  readonly type: 'suggest';
  /** A number that the `suggestions` message repeats. */
  readonly request: number;
  readonly kind: string;
  readonly code: string;
  readonly cursor: number;
}

export type ToRunner =
  | Start
  | ({ readonly type: 'cancel' } & OfAttempt)
  /** The result is stored, so the runner may forget it. */
  | ({ readonly type: 'acknowledge' } & OfAttempt)
  | Suggest
  | { readonly type: 'heartbeat' | 'shutdown' };

/** The first message on each connection. */
export interface Ready {
  readonly type: 'ready';
  readonly protocol: number;
  readonly pid: number;
  readonly programs: readonly string[];
  /** The programs that must not run twice; null means that all may. */
  readonly not_repeatable: readonly string[] | null;
  /** Abilities beyond running one attempt at a time; null means none. Unknown names are ignored. */
  readonly capabilities: readonly string[] | null;
  /** Package → version. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The attempts of earlier connections. The results of the attempts in `ended` follow. */
export interface Resume {
  readonly type: 'resume';
  readonly running: readonly OfAttempt[];
  readonly ended: readonly OfAttempt[];
}

/** The state of a session's own process, sent on each connection and again when the process has started. */
export interface InterpreterState {
  readonly type: 'interpreter';
  readonly session: string;
  readonly state: 'starting' | 'idle' | 'busy';
  readonly app_id: string | null;
  readonly ui_url: string | null;
  /** The process id of the JVM in which Spark runs; null until the JVM has started. */
  readonly jvm_pid: number | null;
}

/** The end of an attempt; each attempt has exactly one. */
export interface Result extends OfAttempt {
  readonly type: 'result';
  readonly outcome: 'completed' | 'failed' | 'cancelled';
  /** JSON text; null if the attempt failed, or was cancelled before it had any output. */
  readonly result: Text | null;
  /**
   * The cause of a failure: `input` (the client's params) or `program` (the worker). Null unless the attempt failed.
   */
  readonly fault: string | null;
  /** One sentence for the user that explains a failure. */
  readonly message: string | null;
  readonly reason_code: number | null;
  readonly traceback: string | null;
}

export type FromRunner =
  | Ready
  | Resume
  | InterpreterState
  | ({ readonly type: 'started' } & OfAttempt)
  /** `done` of `total` steps; `total` is 0 if it is unknown. */
  | ({
      readonly type: 'progress';
      readonly done: number;
      readonly total: number;
      readonly message: string;
    } & OfAttempt)
  | ({ readonly type: 'log'; readonly level: string; readonly text: string } & OfAttempt)
  | Result
  | { readonly type: 'suggestions'; readonly request: number; readonly words: readonly string[] }
  /** The runner cannot run anything and is ending. */
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'heartbeat' };

/** The capability that a runner needs to get a message. The service sends all other messages to every runner. */
export const requiredCapabilities: Partial<Record<ToRunner['type'], string>> = {
  acknowledge: 'acknowledge',
  suggest: 'suggest',
  heartbeat: 'heartbeat',
};

export const printMessage = (message: object): string => `${JSON.stringify(message)}\n`;

/** Prints a message as a line; a long one in pieces. */
export function lineOf(message: ToRunner): Line {
  if (message.type !== 'start' || typeof message.params === 'string') return printMessage(message);
  const { params, ...fields } = message;
  return lineWith(fields, 'params', quoted(params));
}

/** Fields of a runner's messages that may be many megabytes long. */
export const longFields = ['result'] as const;

type Kind = 'string' | 'number' | 'object' | 'list' | 'attempts';
type Shape = Readonly<Record<string, Kind | `${Kind}?`>>;
const ofAttempt = { job: 'string', token: 'string' } as const;
const shapes: Readonly<Record<FromRunner['type'], Shape>> = {
  ready: {
    ...{ protocol: 'number', pid: 'number', programs: 'list', not_repeatable: 'list?' },
    ...{ capabilities: 'list?', versions: 'object' },
  },
  resume: { running: 'attempts', ended: 'attempts' },
  interpreter: {
    ...{ session: 'string', state: 'string' },
    ...{ app_id: 'string?', ui_url: 'string?', jvm_pid: 'number?' },
  },
  started: ofAttempt,
  progress: { ...ofAttempt, done: 'number', total: 'number', message: 'string' },
  log: { ...ofAttempt, level: 'string', text: 'string' },
  result: {
    ...{ ...ofAttempt, outcome: 'string', result: 'string?' },
    ...{ fault: 'string?', message: 'string?', reason_code: 'number?', traceback: 'string?' },
  },
  suggestions: { request: 'number', words: 'list' },
  failed: { message: 'string' },
  heartbeat: {},
};
/** The permitted values of the fields with these names. */
const fieldValues: Readonly<Record<string, readonly string[]>> = {
  outcome: ['completed', 'failed', 'cancelled'] satisfies Result['outcome'][],
  state: ['starting', 'idle', 'busy'] satisfies InterpreterState['state'][],
};

/** The field that a result of each outcome must have. */
const requiredField: Readonly<Record<Result['outcome'], 'result' | 'message' | null>> = {
  completed: 'result',
  failed: 'message',
  cancelled: null,
};

/** Parses one line of a runner as an object. Throws an Error that says what is wrong with the line. */
export function fieldsIn(line: string): Record<string, unknown> {
  const message = JSON.parse(line) as unknown;
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    throw new Error('not a JSON object');
  return { ...message };
}

/** Parses one line of a runner; absent optional fields become null. Throws an Error that says what is wrong. */
export const parseMessage = (line: string): FromRunner => checked(fieldsIn(line));

/** Checks the fields of a message and completes them as {@link parseMessage} does. */
export function checked(fields: Record<string, unknown>): FromRunner {
  const { type } = fields;
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type))
    throw new Error(`unknown type ${String(type)}`);
  for (const [name, spec] of Object.entries(shapes[type as FromRunner['type']])) {
    const value = (fields[name] ??= null);
    const optional = spec.endsWith('?');
    const kind = spec.replace('?', '') as Kind;
    if (value === null && optional) continue;
    if (!is(kind, value)) throw new Error(`${name} must be ${kindNames[kind]}${optional ? ' or null' : ''}`);
    if (fieldValues[name]?.includes(value as string) === false)
      throw new Error(`${name} must be one of ${fieldValues[name].join(', ')}`);
  }
  const required = type === 'result' ? requiredField[fields['outcome'] as Result['outcome']] : null;
  if (required !== null && fields[required] === null) throw new Error(`${required} must be a string`);
  return fields as unknown as FromRunner;
}

const kindNames: Readonly<Record<Kind, string>> = {
  string: 'a string',
  number: 'a number',
  object: 'an object',
  list: 'a list',
  attempts: 'a list of attempts',
};

function is(kind: Kind, value: unknown): boolean {
  if (kind === 'list') return Array.isArray(value);
  if (kind === 'attempts') return Array.isArray(value) && value.every(isAttempt);
  if (kind === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === kind || (kind === 'string' && value instanceof LongText);
}

function isAttempt(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { job, token } = value as Partial<OfAttempt>;
  return typeof job === 'string' && typeof token === 'string';
}

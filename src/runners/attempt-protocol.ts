import { LongText, type Text } from '../scheduler/long-text.js';
import { lineWith, quoted, type Line } from './long-lines.js';

/**
 * What the service and a runner say to each other about attempts: one JSON object a line, over any transport
 * (docs/attempt-protocol.md). A worker of the pool, the interpreter of a session and what comes next speak the same; what only
 * some of them can do is named in `ready`. `protocol/attempts.jsonl` holds golden messages that the tests of both languages read.
 */
export const protocolVersion = 2;

/** The attempt that a message is about. */
export interface OfAttempt {
  readonly job: string;
  /** Fencing token: every answer repeats it. */
  readonly token: string;
}

export interface Start extends OfAttempt {
  readonly type: 'start';
  readonly program: string;
  readonly backend: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  /** The job's params as JSON text, byte for byte. */
  readonly params: Text;
  readonly log_level: string;
}

/** What may follow the first `cursor` characters of `code`? */
export interface Suggest {
  readonly type: 'suggest';
  /** A number that the answer repeats. */
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

/** First on each connection. */
export interface Ready {
  readonly type: 'ready';
  readonly protocol: number;
  readonly pid: number;
  readonly programs: readonly string[];
  /** Those of them that must not run twice; null: all may. */
  readonly not_repeatable: readonly string[] | null;
  /** What it can do beyond running one attempt at a time; null: nothing. Unknown names are ignored. */
  readonly capabilities: readonly string[] | null;
  /** Package → version. */
  readonly versions: Readonly<Record<string, string>>;
}

/** What it knows of earlier connections: results of the attempts in `ended` follow. */
export interface Resume {
  readonly type: 'resume';
  readonly running: readonly OfAttempt[];
  readonly ended: readonly OfAttempt[];
}

/** The process that one session has for itself: on each connection, and again when it has started. */
export interface InterpreterState {
  readonly type: 'interpreter';
  readonly session: string;
  readonly state: 'starting' | 'idle' | 'busy';
  readonly app_id: string | null;
  readonly ui_url: string | null;
  /** The JVM that its Spark runs in, once that has started. */
  readonly jvm_pid: number | null;
}

/** The end of an attempt: exactly one for each. */
export interface Result extends OfAttempt {
  readonly type: 'result';
  readonly outcome: 'completed' | 'failed' | 'cancelled';
  /** JSON text; null unless it has completed, or had something to say before it was cancelled. */
  readonly result: Text | null;
  /** Who is to blame for a failure: `input` the client's params, `program` the worker. Null unless it has failed. */
  readonly fault: string | null;
  /** One sentence for the user about a failure. */
  readonly message: string | null;
  readonly reason_code: number | null;
  readonly traceback: string | null;
}

export type FromRunner =
  | Ready
  | Resume
  | InterpreterState
  | ({ readonly type: 'started' } & OfAttempt)
  /** `done` of `total` steps; `total` is 0 where nobody knows. */
  | ({
      readonly type: 'progress';
      readonly done: number;
      readonly total: number;
      readonly message: string;
    } & OfAttempt)
  | ({ readonly type: 'log'; readonly level: string; readonly text: string } & OfAttempt)
  | Result
  | { readonly type: 'suggestions'; readonly request: number; readonly words: readonly string[] }
  /** It cannot run anything, and ends. */
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'heartbeat' };

/** Capabilities without which the service does not send a message; it sends all others to every runner. */
export const needed: Partial<Record<ToRunner['type'], string>> = {
  acknowledge: 'acknowledge',
  suggest: 'suggest',
  heartbeat: 'heartbeat',
};

export const printMessage = (message: object): string => `${JSON.stringify(message)}\n`;

/** The same, in pieces where it is long. */
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
/** What the fields of these names may say. */
const closed: Readonly<Record<string, readonly string[]>> = {
  outcome: ['completed', 'failed', 'cancelled'] satisfies Result['outcome'][],
  state: ['starting', 'idle', 'busy'] satisfies InterpreterState['state'][],
};

/** What a result of each outcome must have. */
const saidOf: Readonly<Record<Result['outcome'], 'result' | 'message' | null>> = {
  completed: 'result',
  failed: 'message',
  cancelled: null,
};

/** Reads one line of a runner as an object. Throws an Error that says what is wrong with it. */
export function fieldsIn(line: string): Record<string, unknown> {
  const message = JSON.parse(line) as unknown;
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    throw new Error('not a JSON object');
  return { ...message };
}

/** Reads one line of a runner; what may be left out is null then. Throws an Error that says what is wrong with it. */
export const parseMessage = (line: string): FromRunner => checked(fieldsIn(line));

/** The fields of a message, as {@link parseMessage} returns them. */
export function checked(fields: Record<string, unknown>): FromRunner {
  const { type } = fields;
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type))
    throw new Error(`unknown type ${String(type)}`);
  for (const [name, wanted] of Object.entries(shapes[type as FromRunner['type']])) {
    const value = (fields[name] ??= null);
    const optional = wanted.endsWith('?');
    if (value === null && optional) continue;
    if (!is(wanted.replace('?', '') as Kind, value))
      throw new Error(
        `${name} must be ${words[wanted.replace('?', '') as Kind]}${optional ? ' or null' : ''}`,
      );
    if (closed[name]?.includes(value as string) === false)
      throw new Error(`${name} must be one of ${closed[name].join(', ')}`);
  }
  const said = type === 'result' ? saidOf[fields['outcome'] as Result['outcome']] : null;
  if (said !== null && fields[said] === null) throw new Error(`${said} must be a string`);
  return fields as unknown as FromRunner;
}

const words: Readonly<Record<Kind, string>> = {
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

import { LongText, type Text } from '../scheduler/long-text.js';
import { lineWith, quoted, type Line } from './long-lines.js';

/**
 * What the service and a worker process say to each other: one JSON object a line over stdio (docs/worker-protocol.md).
 * `protocol/messages.jsonl` holds golden messages that the tests of both languages read.
 */
export type ToWorker =
  | {
      readonly type: 'run';
      readonly job: string;
      /** Fencing token: the answer must carry it. */
      readonly attempt: string;
      readonly program: string;
      readonly backend: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
      /** The client's params as JSON text, byte for byte. */
      readonly params: Text;
      readonly log_level: string;
    }
  | { readonly type: 'cancel'; readonly job: string; readonly attempt: string }
  | { readonly type: 'shutdown' };

interface OfAttempt {
  readonly job: string;
  readonly attempt: string;
}
export type FromWorker =
  | {
      readonly type: 'ready';
      readonly protocol: number;
      readonly pid: number;
      readonly programs: readonly string[];
      /** Those of them that must not run twice; null: all may. */
      readonly not_repeatable: readonly string[] | null;
      readonly versions: Readonly<Record<string, string>>;
    }
  | ({ readonly type: 'started' } & OfAttempt)
  | ({
      readonly type: 'progress';
      readonly done: number;
      readonly total: number;
      readonly message: string;
    } & OfAttempt)
  | ({ readonly type: 'log'; readonly level: string; readonly text: string } & OfAttempt)
  | ({ readonly type: 'result'; readonly result: Text } & OfAttempt)
  | ({
      readonly type: 'error';
      readonly kind: 'input' | 'program' | 'cancelled';
      readonly message: string;
      readonly reason_code: number | null;
      readonly traceback: string | null;
    } & OfAttempt);

export const protocolVersion = 1;

export const printMessage = (message: ToWorker): string => `${JSON.stringify(message)}\n`;

/** The same, in pieces where it is long. */
export function lineOf(message: ToWorker): Line {
  if (message.type !== 'run' || typeof message.params === 'string') return printMessage(message);
  const { params, ...fields } = message;
  return lineWith(fields, 'params', quoted(params));
}

/** Fields of a worker's messages that may be many megabytes long. */
export const longFields = ['result'] as const;

type Kind = 'string' | 'number' | 'object' | 'list';
type Shape = Readonly<Record<string, Kind | `${Kind}?`>>;
const ofAttempt = { job: 'string', attempt: 'string' } as const;
const shapes: Readonly<Record<FromWorker['type'], Shape>> = {
  ready: {
    ...{
      protocol: 'number',
      pid: 'number',
      programs: 'list',
      not_repeatable: 'list?',
      versions: 'object',
    },
  },
  started: ofAttempt,
  progress: { ...ofAttempt, done: 'number', total: 'number', message: 'string' },
  log: { ...ofAttempt, level: 'string', text: 'string' },
  result: { ...ofAttempt, result: 'string' },
  error: { ...ofAttempt, kind: 'string', message: 'string', reason_code: 'number?', traceback: 'string?' },
};

/** Reads one line of a worker; what may be left out is null then. Throws an Error that says what is wrong with it. */
export function parseMessage(line: string): FromWorker {
  const message = JSON.parse(line) as unknown;
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    throw new Error('not a JSON object');
  return checked({ ...message });
}

/** The fields of a message, as {@link parseMessage} answers them. */
export function checked(fields: Record<string, unknown>): FromWorker {
  const { type } = fields;
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type))
    throw new Error(`unknown type ${String(type)}`);
  for (const [name, wanted] of Object.entries(shapes[type as FromWorker['type']])) {
    const optional = wanted.endsWith('?');
    const kind = wanted.replace('?', '');
    fields[name] ??= null;
    if (optional && fields[name] === null) continue;
    if (kind === 'string' && fields[name] instanceof LongText) continue;
    if (kindOf(fields[name]) !== kind) {
      throw new Error(
        `${name} must be ${kind === 'object' ? 'an' : 'a'} ${kind}${optional ? ' or null' : ''}`,
      );
    }
  }
  return fields as unknown as FromWorker;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

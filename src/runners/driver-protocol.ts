import { LongText, type Text } from '../scheduler/long-text.js';
import { lineWith, type Line } from './long-lines.js';

/**
 * What the service and the driver of a session say to each other: one JSON object a line over a unix socket
 * (docs/driver-protocol.md). The driver outlives the connection: it keeps a result until that is acknowledged.
 */
interface OfAttempt {
  readonly job: string;
  /** Fencing token: the answer carries it. */
  readonly attempt: string;
}

export type ToDriver =
  | ({
      readonly type: 'run';
      readonly statement: number;
      readonly kind: string;
      /** A long one as the string in JSON that it came as. */
      readonly code: Text;
    } & OfAttempt)
  | ({ readonly type: 'cancel' | 'ack' } & OfAttempt)
  | {
      readonly type: 'complete';
      readonly request: number;
      readonly kind: string;
      readonly code: string;
      readonly cursor: number;
    }
  | { readonly type: 'shutdown' };

export interface DriverReady {
  readonly type: 'ready';
  readonly protocol: number;
  readonly session: string;
  readonly state: 'starting' | 'idle' | 'busy';
  readonly app_id: string | null;
  readonly ui_url: string | null;
  /** The JVM that Spark runs in, once it has started. */
  readonly jvm_pid: number | null;
}

export type FromDriver =
  | DriverReady
  | ({ readonly type: 'started' } & OfAttempt)
  | ({ readonly type: 'progress'; readonly value: number } & OfAttempt)
  /** `output`: Livy's output object as JSON text; null when it was cancelled without a word. */
  | ({ readonly type: 'result'; readonly cancelled: boolean; readonly output: Text | null } & OfAttempt)
  | { readonly type: 'candidates'; readonly request: number; readonly candidates: readonly string[] }
  | { readonly type: 'failed'; readonly message: string };

export const driverProtocol = 1;

export const printToDriver = (message: ToDriver): string => `${JSON.stringify(message)}\n`;

/** The same, in pieces where it is long. */
export function lineOf(message: ToDriver): Line {
  if (message.type !== 'run' || typeof message.code === 'string') return printToDriver(message);
  const { code, ...fields } = message;
  return lineWith(fields, 'code', code.pieces());
}

/** Fields of a driver's messages that may be many megabytes long. */
export const longFields = ['output'] as const;

type Kind = 'string' | 'number' | 'object' | 'boolean';
type Shape = Readonly<Record<string, Kind | `${Kind}?`>>;
const ofAttempt = { job: 'string', attempt: 'string' } as const;
const shapes: Readonly<Record<FromDriver['type'], Shape>> = {
  ready: {
    ...{ protocol: 'number', session: 'string', state: 'string' },
    ...{ app_id: 'string?', ui_url: 'string?', jvm_pid: 'number?' },
  },
  started: ofAttempt,
  progress: { ...ofAttempt, value: 'number' },
  result: { ...ofAttempt, cancelled: 'boolean', output: 'string?' },
  candidates: { request: 'number', candidates: 'object' },
  failed: { message: 'string' },
};

/** Reads one line of a driver; what may be left out is null then. Throws an Error that says what is wrong with it. */
export function parseFromDriver(line: string): FromDriver {
  const message = JSON.parse(line) as unknown;
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    throw new Error('not a JSON object');
  return checked({ ...message });
}

/** The fields of a message, as {@link parseFromDriver} answers them. */
export function checked(fields: Record<string, unknown>): FromDriver {
  const { type } = fields;
  if (typeof type !== 'string' || !Object.hasOwn(shapes, type))
    throw new Error(`unknown type ${String(type)}`);
  for (const [name, wanted] of Object.entries(shapes[type as FromDriver['type']])) {
    const value = (fields[name] ??= null);
    if (value === null && wanted.endsWith('?')) continue;
    if (wanted.startsWith('string') && value instanceof LongText) continue;
    if (value === null || typeof value !== wanted.replace('?', ''))
      throw new Error(`${name} must be a ${wanted}`);
  }
  return fields as unknown as FromDriver;
}

import type { Backend } from '../kernel/backend/backend.js';
import { Refusal } from '../kernel/refusal.js';

type Shape = readonly [fits: (value: unknown) => boolean, what: string];

const text: Shape = [(value) => typeof value === 'string', 'a text'];
const flag: Shape = [(value) => typeof value === 'boolean', 'true or false'];
const object: Shape = [(value) => typeof value === 'object' && !Array.isArray(value), 'an object'];
const texts: Shape = [
  (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  'a list of texts',
];

const count: Shape = [(value) => Number.isInteger(value) && Number(value) > 0, 'a whole number above zero'];

/** Rows of a SQL answer where an operator sets neither `sql_rows` (Livy's own default) nor `max_sql_rows`. */
export const usualSqlRows = 1000;
export const mostSqlRows = 100_000;

/** A scripted backend may look like a quantum device too, to try things on. */
const device: Readonly<Record<string, Shape>> = {
  device: [text[0], 'the name of a device'],
  configuration: object,
  properties: object,
  noise: flag,
  max_qubits: count,
};

const spark: Readonly<Record<string, Shape>> = {
  master: text,
  conf: object,
  local_dirs: texts,
  blocked_conf: texts,
  busy_is_idle: flag,
  plain_r: flag,
  sql_rows: count,
  max_sql_rows: count,
};

/** What one circuit may take of the machine; workers/jobworker/limits.py has the defaults. */
const simulator: Readonly<Record<string, Shape>> = {
  max_memory_mb: count,
  max_work: [(value) => typeof value === 'number' && value > 0 && value < Infinity, 'a number above zero'],
  approximate: flag,
};

/** For drivers whose programs only compute: a Spark driver may wait for its cluster for as long as it takes. */
const computing: Readonly<Record<string, Shape>> = {
  stalled_after: [
    (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 1e6,
    'a whole number of seconds, at most 1000000; 0 for no such limit',
  ],
};

/** Seconds: what computes uses some processor time in five minutes, however busy the machine is. */
const defaultStalledAfter = 300;

/** Milliseconds without processor time after which a job of this backend counts as hung; null: it never does. */
export function stalledAfterOf({ options }: Pick<Backend, 'options'>): number | null {
  const asked = Number(options['stalled_after'] ?? defaultStalledAfter);
  return asked === 0 ? null : asked * 1000;
}

/** The options of each driver; `stint.example.yaml` and docs/attempt-protocol.md say what they mean. */
const known: ReadonlyMap<string, Readonly<Record<string, Shape>>> = new Map<string, Record<string, Shape>>([
  ['scripted', device],
  ['aer', { ...device, ...simulator, ...computing }],
  ['spark', spark],
  ['learner', { predict: flag, ...computing }],
]);

/** A misspelt option would be ignored, and the backend be another than its operator thinks. Null says as little as nothing. */
export function checkOptions({ name, driver, options }: Pick<Backend, 'name' | 'driver' | 'options'>): void {
  const shapes = known.get(driver) ?? {};
  for (const [key, value] of Object.entries(options)) {
    const shape = Object.hasOwn(shapes, key) ? shapes[key] : undefined;
    if (shape === undefined) {
      throw new Refusal(
        'invalid_value',
        `Backend ${name}: options.${key} is not known to driver ${driver}.`,
        `Known are: ${Object.keys(shapes).join(', ')}.`,
      );
    }
    const [fits, what] = shape;
    if (value === undefined || value === null || fits(value)) continue;
    throw new Refusal('invalid_value', `Backend ${name}: options.${key} must be ${what}.`);
  }
  if (driver === 'spark') checkRows(name, options);
}

function checkRows(name: string, { sql_rows, max_sql_rows }: Readonly<Record<string, unknown>>): void {
  const usual = Number(sql_rows ?? usualSqlRows);
  const most = Number(max_sql_rows ?? mostSqlRows);
  // A ceiling below Livy's default lowers that, too; it was not the operator who said both.
  if (sql_rows == null || usual <= most) return;
  throw new Refusal(
    'invalid_value',
    `Backend ${name}: options.sql_rows of ${usual} is more than max_sql_rows of ${most}.`,
    'Set max_sql_rows as well.',
  );
}

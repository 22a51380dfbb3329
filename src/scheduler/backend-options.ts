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

/** A scripted backend may look like a quantum device too, to try things on. */
const device: Readonly<Record<string, Shape>> = {
  device: [text[0], 'the name of a device'],
  configuration: object,
  properties: object,
  noise: flag,
  max_qubits: [(value) => Number.isInteger(value) && Number(value) > 0, 'a whole number above zero'],
};

/** The options of each driver; `stint.example.yaml` and docs/worker-protocol.md say what they mean. */
const known: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  scripted: device,
  aer: device,
  spark: {
    master: text,
    conf: object,
    local_dirs: texts,
    blocked_conf: texts,
    busy_is_idle: flag,
    plain_r: flag,
  },
  learner: { predict: flag },
};

/** A misspelt option would be ignored, and the backend be another than its operator thinks. Null says as little as nothing. */
export function checkOptions({ name, driver, options }: Pick<Backend, 'name' | 'driver' | 'options'>): void {
  const shapes = known[driver] ?? {};
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
}

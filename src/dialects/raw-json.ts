import type { Text } from '../scheduler/long-text.js';

/** A member of a body that is kept as it came. */
export class RawJson {
  constructor(readonly text: Text) {}
}

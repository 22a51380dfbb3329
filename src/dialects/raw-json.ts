import type { Text } from '../scheduler/long-text.js';

/** A member of a body as unparsed JSON text. */
export class RawJson {
  constructor(readonly text: Text) {}
}

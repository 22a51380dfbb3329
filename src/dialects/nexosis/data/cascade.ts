import type { Actor } from '../../../kernel/access/access.js';
import { readChoice } from '../wire/fields.js';

const kinds = ['session', 'view', 'model', 'vocabulary', 'forecast'] as const;
export type Cascade = (typeof kinds)[number];

/** What goes with a data source; each in the singular or the plural. */
export const readCascade = (said: readonly string[]): Cascade[] =>
  said.map((text) => {
    const word = text.toLowerCase().replace(/ies$/, 'y').replace(/s$/, '');
    return readChoice('cascade', word, kinds);
  });

/** What sessions and models are built on a data source; the data knows of none of them. */
export abstract class BuiltOn {
  /** Removes what is `wanted`, or refuses before anything is removed. */
  abstract remove(actor: Actor, source: string, wanted: readonly Cascade[]): Promise<void>;
}

import type { Actor } from '../../../kernel/access/access.js';
import { readChoice } from '../wire/fields.js';

const kinds = ['session', 'view', 'model', 'vocabulary', 'forecast'] as const;
export type Cascade = (typeof kinds)[number];

/** Reads which kinds of items are deleted together with a data source, in the singular or the plural. */
export const readCascade = (names: readonly string[]): Cascade[] =>
  names.map((text) => {
    const word = text.toLowerCase().replace(/ies$/, 'y').replace(/s$/, '');
    return readChoice('cascade', word, kinds);
  });

/** Removes what was built on a data source. A port, because the data folder must not depend on sessions or models. */
export abstract class BuiltOn {
  /** Removes everything of these kinds. Throws before anything is removed if the actor may not remove all of it. */
  abstract remove(actor: Actor, source: string, kinds: readonly Cascade[]): Promise<void>;
}

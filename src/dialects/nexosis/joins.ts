import type { Column, NexosisReads, View } from '../../scheduler/nexosis.ports.js';
import type { Source } from './sources.js';

/** Columns of a view. */
export async function viewColumns(_reads: NexosisReads, _view: View, base: Source): Promise<Column[]> {
  return [...base.columns];
}

/** Rows of a view. */
export async function* joinRows(
  _reads: NexosisReads,
  _view: View,
  base: Source,
  _columns: readonly Column[],
) {
  yield* base.rows();
}

import { Livy1795478400000 } from './migrations/0004-livy.js';
import { LivyEntryRow, LivyStatementRow } from './rows.js';

/** The tables of this dialect. */
export const livyTables = {
  entities: [LivyEntryRow, LivyStatementRow],
  migrations: [Livy1795478400000],
};

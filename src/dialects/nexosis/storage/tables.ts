import { Nexosis1795392000000 } from './migrations/0003-nexosis.js';
import { DataSetUser1796083200001 } from './migrations/0006-data-set-user.js';
import { nexosisRows } from './rows.js';

/** The tables of this dialect. */
export const nexosisTables = {
  entities: nexosisRows,
  migrations: [Nexosis1795392000000, DataSetUser1796083200001],
};

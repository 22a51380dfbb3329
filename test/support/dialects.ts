import { livySection } from '../../src/dialects/livy/settings.js';
import { livyTables } from '../../src/dialects/livy/storage/tables.js';
import { nexosisSection } from '../../src/dialects/nexosis/settings.js';
import { nexosisTables } from '../../src/dialects/nexosis/storage/tables.js';

/** The tables of all dialects. */
export const tables = [nexosisTables, livyTables];

/** The sections of the configuration file that dialects read. */
export const sections = [nexosisSection, livySection];

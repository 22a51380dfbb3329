import { livySection } from '../../src/dialects/livy/settings.js';
import { livyTables } from '../../src/dialects/livy/storage/tables.js';
import { nexosisSection } from '../../src/dialects/nexosis/settings.js';
import { nexosisTables } from '../../src/dialects/nexosis/storage/tables.js';

/** What the dialects keep in the database. */
export const tables = [nexosisTables, livyTables];

/** What they read of the configuration file. */
export const sections = [nexosisSection, livySection];

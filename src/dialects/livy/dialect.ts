import { seconds } from '../../kernel/time.js';
import type { Dialect } from '../dialect.js';
import { livyApi } from './api.js';
import { LivyBatchesController } from './batches.controller.js';
import { LivyBatches } from './batches.service.js';
import { readBody } from './bodies.js';
import { basic } from './credentials.js';
import { LIVY_SETTINGS, LivyEntries, type LivySettings } from './entries.service.js';
import { LivyErrorsFilter } from './errors.filter.js';
import { installLivyRules, isLivy, livyUrl, pathOnOwnPort } from './http.js';
import { listenForLivy } from './own-port.js';
import { LivyRootController } from './root.controller.js';
import { LivySessionsController } from './sessions.controller.js';
import { LivySessions } from './sessions.service.js';
import { livySection, type LivyConfig } from './settings.js';
import { LivyStatementsController } from './statements.controller.js';
import { LivyStatements } from './statements.service.js';
import { livyTables } from './storage/tables.js';

const settingsOf = ({ backend, state_retain }: LivyConfig): LivySettings => ({
  backend: backend ?? null,
  retain: seconds(state_retain),
});

/** Apache Livy's REST interface: interactive Spark. */
export const livy: Dialect<LivyConfig> = {
  name: 'livy',
  title: 'Livy',
  owns: isLivy,
  rewrite: livyUrl,
  credentials: basic,
  readBody,
  errors: new LivyErrorsFilter(),
  errorBody: ({ message }) => ({ msg: message }),
  pathOnOwnPort,
  api: livyApi,
  controllers: [LivyRootController, LivyStatementsController, LivySessionsController, LivyBatchesController],
  providers: ({ settings }) => [
    { provide: LIVY_SETTINGS, useValue: settingsOf(settings) },
    LivyEntries,
    LivySessions,
    LivyStatements,
    LivyBatches,
  ],
  settings: livySection,
  tables: livyTables,
  install: installLivyRules,
  listen: (host, { settings }) => listenForLivy(host, settings),
};

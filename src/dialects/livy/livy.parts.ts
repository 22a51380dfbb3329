import { LivyBatchesController } from './batches.controller.js';
import { LivyBatches } from './batches.service.js';
import { LivyEntries } from './entries.service.js';
import { LivyRootController } from './root.controller.js';
import { LivySessionsController } from './sessions.controller.js';
import { LivySessions } from './sessions.service.js';
import { LivyStatementsController } from './statements.controller.js';
import { LivyStatements } from './statements.service.js';

export { LIVY_SETTINGS, type LivySettings } from './entries.service.js';
export const livyControllers = [
  LivyRootController,
  LivyStatementsController,
  LivySessionsController,
  LivyBatchesController,
];
export const livyProviders = [LivyEntries, LivySessions, LivyStatements, LivyBatches];

import type { INestApplicationContext } from '@nestjs/common';
import { CallbackCheck } from './callbacks.js';
import { CascadeService } from './cascade.service.js';
import { ContestController } from './contest.controller.js';
import { DataSetsController } from './datasets.controller.js';
import { DataSetsService } from './datasets.service.js';
import { ImportsController } from './imports.controller.js';
import { ImportsService } from './imports.service.js';
import { NameLocks } from './locks.js';
import { ModelsController } from './models.controller.js';
import { ModelsService } from './models.service.js';
import { ResultsController } from './results.controller.js';
import { RowThreads } from './row-threads.js';
import { LearnSessionsController } from './sessions.controller.js';
import { LearnSessionsService } from './sessions.service.js';
import { StatsController } from './stats.controller.js';
import { ViewsController } from './views.controller.js';
import { ViewsService } from './views.service.js';
import { WebhooksService } from './webhooks.service.js';

export const nexosisControllers = [
  DataSetsController,
  LearnSessionsController,
  ResultsController,
  ContestController,
  ModelsController,
  ImportsController,
  ViewsController,
  StatsController,
];

export const nexosisProviders = [
  NameLocks,
  RowThreads,
  DataSetsService,
  LearnSessionsService,
  ModelsService,
  ViewsService,
  CascadeService,
  CallbackCheck,
  WebhooksService,
  ImportsService,
];

/**
 * What these parts do at a start: go on with what the last run of the service left. Only once the scheduler has recovered,
 * because until then nothing may be changed.
 */
export async function beginNexosis(app: INestApplicationContext): Promise<void> {
  for (const part of [DataSetsService, ImportsService, WebhooksService]) await app.get(part).begin();
}

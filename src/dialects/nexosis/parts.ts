import { CallbackCheck } from './callbacks.js';
import { CascadeService } from './cascade.service.js';
import { ContestController } from './contest.controller.js';
import { DataSetsController } from './datasets.controller.js';
import { DataSetsService } from './datasets.service.js';
import { ModelsController } from './models.controller.js';
import { ModelsService } from './models.service.js';
import { ResultsController } from './results.controller.js';
import { LearnSessionsController } from './sessions.controller.js';
import { LearnSessionsService } from './sessions.service.js';
import { ViewsService } from './views.service.js';
import { WebhooksService } from './webhooks.service.js';

export const nexosisControllers = [
  DataSetsController,
  LearnSessionsController,
  ResultsController,
  ContestController,
  ModelsController,
];

export const nexosisProviders = [
  DataSetsService,
  LearnSessionsService,
  ModelsService,
  ViewsService,
  CascadeService,
  CallbackCheck,
  WebhooksService,
];

import type { Dialect, Own } from '../dialect.js';
import { nexosisApi } from './api.js';
import { readBody } from './bodies.js';
import { CallbackCheck } from './callbacks.js';
import { BuiltOn } from './cascade.js';
import { CascadeService } from './cascade.service.js';
import { ContestController } from './contest.controller.js';
import { apiKey } from './credentials.js';
import { DataSetsController } from './datasets.controller.js';
import { DataSetsService } from './datasets.service.js';
import { NexosisErrorsFilter } from './errors.filter.js';
import { ImportsController } from './imports.controller.js';
import { ImportsService } from './imports.service.js';
import { installNexosis } from './install.js';
import { NameLocks } from './locks.js';
import { ModelsController } from './models.controller.js';
import { ModelsService } from './models.service.js';
import { isOurs, normalise } from './paths.js';
import { ResultsController } from './results.controller.js';
import { LearnSessionsController } from './sessions.controller.js';
import { LearnSessionsService } from './sessions.service.js';
import { NEXOSIS, nexosisSection, type NexosisConfig, type NexosisSettings } from './settings.js';
import { StatsController } from './stats.controller.js';
import { nexosisTables } from './storage/tables.js';
import { ViewsController } from './views.controller.js';
import { ViewsService } from './views.service.js';
import { WebhooksService } from './webhooks.service.js';

const settingsOf = ({ data, settings }: Own<NexosisConfig>): NexosisSettings => ({
  data,
  bodyLimit: settings.body_limit,
  privateHosts: settings.private_hosts,
  importHosts: settings.import_hosts,
});

/** The API of Nexosis: forecasts and models from data sets. */
export const nexosis: Dialect<NexosisConfig> = {
  name: 'nexosis',
  title: 'Nexosis',
  owns: isOurs,
  rewrite: ({ url = '/' }) => normalise(url),
  credentials: apiKey,
  readBody: (request, payload, { settings }) => readBody(request, payload, settings.body_limit),
  errors: new NexosisErrorsFilter(),
  explain: ({ status, message }) => ({ statusCode: status, message }),
  api: nexosisApi,
  controllers: [
    DataSetsController,
    LearnSessionsController,
    ResultsController,
    ContestController,
    ModelsController,
    ImportsController,
    ViewsController,
    StatsController,
  ],
  providers: (own) => [
    { provide: NEXOSIS, useValue: settingsOf(own) },
    NameLocks,
    DataSetsService,
    LearnSessionsService,
    ModelsService,
    ViewsService,
    { provide: BuiltOn, useClass: CascadeService },
    CallbackCheck,
    WebhooksService,
    ImportsService,
  ],
  settings: nexosisSection,
  tables: nexosisTables,
  install: (fastify, { store, settings }) => installNexosis(fastify, store, settings.body_limit),
  async begin(app) {
    for (const part of [DataSetsService, ImportsService, WebhooksService]) await app.get(part).begin();
  },
};

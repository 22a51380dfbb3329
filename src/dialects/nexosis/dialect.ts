import type { Dialect, DialectConfig } from '../dialect.js';
import { nexosisApi } from './wire/api.js';
import { readBody } from './wire/bodies.js';
import { CallbackCheck } from './outgoing/callbacks.js';
import { BuiltOn } from './data/cascade.js';
import { CascadeService } from './answers/cascade.service.js';
import { ContestController } from './answers/contest.controller.js';
import { apiKey } from './wire/credentials.js';
import { DataSetWriter } from './data/data-set-writer.js';
import { DataSetsController } from './data/datasets.controller.js';
import { DataSetsService } from './data/datasets.service.js';
import { NexosisErrorsFilter } from './wire/errors.filter.js';
import { ImportsController } from './data/imports.controller.js';
import { ImportsService } from './data/imports.service.js';
import { installNexosis } from './wire/install.js';
import { NameLocks } from './data/locks.js';
import { ModelsController } from './answers/models.controller.js';
import { ModelsService } from './answers/models.service.js';
import { isOurs, normalise } from './wire/paths.js';
import { ResultsController } from './answers/results.controller.js';
import { LearnSessionsController } from './answers/sessions.controller.js';
import { LearnSessionsService } from './answers/sessions.service.js';
import { NEXOSIS, nexosisSection, type NexosisConfig, type NexosisSettings } from './settings.js';
import { RowThreads } from './data/row-threads.js';
import { StatsController } from './data/stats.controller.js';
import { nexosisTables } from './storage/tables.js';
import { ViewsController } from './data/views.controller.js';
import { ViewsService } from './data/views.service.js';
import { WebhooksService } from './outgoing/webhooks.service.js';

const settingsOf = ({ data, settings }: DialectConfig<NexosisConfig>): NexosisSettings => ({
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
  errorBody: ({ status, message }) => ({ statusCode: status, message }),
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
    RowThreads,
    DataSetWriter,
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
  async resumeWork(app) {
    for (const part of [DataSetsService, ImportsService, WebhooksService]) await app.get(part).begin();
  },
};

import { IsString } from 'class-validator';
import type { Section } from '../../src/config/section.js';
import { readObject } from '../../src/dialects/body-parser.js';
import type { Dialect } from '../../src/dialects/dialect.js';
import { IonqJobsController, IonqSessionsController, SETTINGS } from './controllers.js';
import { IonqErrorsFilter } from './errors.filter.js';
import { ionqTables } from './tables.js';
import { errorOf } from './wire.js';

class IonqConfig {
  /** The program that runs a circuit. Its params are `input` and `shots`. */
  @IsString() program = 'scripted';
}

const section: Section<IonqConfig> = { name: 'ionq', schema: IonqConfig };

/** The largest body in bytes. IonQ accepts 10 MB. */
const bodyLimit = 10e6;

/** A part of IonQ's API v0.4. Its clients send `Authorization: apiKey <token>`, which the service reads by default. */
export const ionq: Dialect<IonqConfig> = {
  name: 'ionq',
  title: 'IonQ',
  owns: (url) => /^\/ionq(?=[/?]|$)/.test(url),
  readBody: (request, payload) => readObject(request, payload, { limit: bodyLimit }),
  errors: new IonqErrorsFilter(),
  errorBody: ({ status, message }) => errorOf(status, message),
  controllers: [IonqJobsController, IonqSessionsController],
  providers: ({ settings }) => [{ provide: SETTINGS, useValue: settings }],
  settings: section,
  tables: ionqTables,
};

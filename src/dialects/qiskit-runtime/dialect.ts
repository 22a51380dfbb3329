import type { Dialect } from '../dialect.js';
import { BackendsController } from './backends.controller.js';
import { readBody } from './bodies.js';
import { apikey } from './credentials.js';
import { QiskitErrorsFilter } from './errors.filter.js';
import { EventsController } from './events.controller.js';
import { IdentityController } from './identity.controller.js';
import { JobsController } from './jobs.controller.js';
import { SessionsController } from './sessions.controller.js';

/**
 * IBM's Qiskit Runtime. It owns every URL, so it must be the last of the list. Errors of the operator API and of
 * unknown paths therefore have its form.
 */
export const qiskitRuntime: Dialect = {
  name: 'qiskit-runtime',
  title: 'Qiskit Runtime',
  owns: () => true,
  credentials: apikey,
  readBody,
  errors: new QiskitErrorsFilter(),
  errorBody: ({ message, trace }) => ({ errors: [{ code: 1002, message }], trace }),
  controllers: [IdentityController, BackendsController, SessionsController, JobsController, EventsController],
};

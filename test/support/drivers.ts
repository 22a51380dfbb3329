import { aer } from '../../src/drivers/aer/driver.js';
import { driverRegistry } from '../../src/drivers/facts.js';
import { learner } from '../../src/drivers/learner/driver.js';
import { scripted } from '../../src/drivers/scripted/driver.js';
import { spark } from '../../src/drivers/spark/driver.js';

/** The drivers of the service, without a running service. */
export const drivers = driverRegistry([scripted, aer, spark, learner]);

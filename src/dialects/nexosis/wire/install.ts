import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../../../kernel/access/access.js';
import type { Store } from '../../../scheduler/ports.js';
import { isOurs } from './paths.js';
import { nexosisReads } from '../storage/reads.js';

/** The quota that clients read as unlimited. */
const unlimited = 2 ** 31 - 1;

const exposedHeaders = [
  ...['Nexosis-Session-Status', 'Nexosis-Import-Status', 'Nexosis-Webhook-Token', 'Nexosis-Request-Cost'],
  ...['DataSetCount', 'PredictionCount', 'SessionCount'].flatMap((what) => [
    `Nexosis-Account-${what}-Allotted`,
    `Nexosis-Account-${what}-Current`,
  ]),
  ...['Nexosis-Account-DataSetSize-Allotted', 'Nexosis-Account-Balance', 'Location'],
].join(', ');

/**
 * Adds the headers that every response of this dialect has, errors included: the counts of the account, and those that
 * let browsers read them (nexosis dialect, response headers).
 */
export function installNexosis(fastify: FastifyInstance, store: Store, bodyLimit: number): void {
  // Calls `done`, because a promise would cost each request of every dialect a turn of the event loop. Reads of a
  // status would suffer most.
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!isOurs(request.url)) return done();
    void reply
      .header('Access-Control-Allow-Origin', '*')
      .header('Access-Control-Expose-Headers', exposedHeaders);
    if (request.method !== 'OPTIONS') return done();
    void reply
      .status(204)
      .header('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, DELETE, OPTIONS')
      .header(
        'Access-Control-Allow-Headers',
        'api-key, authorization, content-type, accept, access-control-allow-origin, application-name',
      )
      .header('Access-Control-Max-Age', '86400')
      .send();
  });
  fastify.addHook('onSend', (request, reply, payload, done) => {
    if (!isOurs(request.url)) return done(null, payload);
    addAccountHeaders(store, bodyLimit, request, reply).then(
      () => done(null, payload),
      (error: unknown) => done(error as Error),
    );
  });
}

async function addAccountHeaders(
  store: Store,
  bodyLimit: number,
  request: FastifyRequest & { actor?: Actor },
  reply: FastifyReply,
): Promise<void> {
  const { actor } = request;
  const noCounts = { dataSets: 0, sessions: 0, predictions: 0 };
  const counts = actor === undefined ? noCounts : await nexosisReads(store.read).counts(actor.instance.id);
  const pairs = [
    ['DataSetCount', counts.dataSets],
    ['PredictionCount', counts.predictions],
    ['SessionCount', counts.sessions],
  ] as const;
  for (const [what, current] of pairs) {
    void reply.header(`Nexosis-Account-${what}-Allotted`, unlimited);
    void reply.header(`Nexosis-Account-${what}-Current`, current);
  }
  void reply.header('Nexosis-Account-DataSetSize-Allotted', bodyLimit);
  void reply.header('Nexosis-Account-Balance', '0.00 USD');
  void reply.header('Nexosis-Request-Cost', '0.00 USD');
}

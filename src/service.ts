import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppModule, makeDevices, makeRunners } from './app.module.js';
import { toNewBackend } from './admin/wire.js';
import { hashToken } from './auth/token-hash.js';
import { TokensService } from './auth/tokens.service.js';
import { doubtsAbout, type Config } from './config/config.js';
import { ConfigError } from './config/config-file.js';
import { installBodyParser } from './dialects/body-parser.js';
import { describeAnswers } from './dialects/described-answers.js';
import { installNoRoute } from './dialects/no-route.js';
import { answerNoRequest, arrivingWithin } from './dialects/slow-clients.js';
import { installLivyRules, isLivy, livyServer, livyUrl } from './dialects/livy/http.js';
import { installNexosis } from './dialects/nexosis/install.js';
import { beginNexosis } from './dialects/nexosis/parts.js';
import { isOurs as isNexosis, normalise } from './dialects/nexosis/paths.js';
import { Refusal } from './kernel/refusal.js';
import { cannotListen } from './listening.js';
import { BackendsService } from './scheduler/backends.service.js';
import { ClockService } from './scheduler/clock.service.js';
import { Commands } from './scheduler/commands.service.js';
import { STORE, type Clock, type Store } from './scheduler/ports.js';
import { SystemClock, VirtualClock } from './scheduler/system-clock.js';
import { lockFolder } from './storage/folder-lock.js';
import { openSqlite } from './storage/database.js';
import { PinoLogger } from './telemetry/logger.js';

export interface Service {
  readonly app: NestFastifyApplication;
  readonly url: string;
  /** Where Livy is alone; null without a port of its own. */
  readonly livyUrl: string | null;
  /** Made at the first start without a configured one; this is the only time it can be shown. */
  readonly newAdminToken: string | null;
  close(): Promise<void>;
}

/** Opens the store, settles what a crash left behind, and only then listens. */
export async function startService(config: Config): Promise<Service> {
  const logger = new PinoLogger(config.log_level);
  const unlock = lockFolder(config.data);
  const database = await openSqlite(config.data).catch((error: unknown) => {
    unlock();
    throw error;
  });
  const clock = await makeClock(config, database.store);
  const devices = makeDevices(config);
  const { runners, interpreters, ...processes } = makeRunners(config, devices, database.store, clock);

  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with(config, { store: database.store, clock, runners, interpreters, devices }),
    new FastifyAdapter({
      // Event streams stay open for ever: they must not keep the service from stopping.
      forceCloseConnections: true,
      bodyLimit: Number.MAX_SAFE_INTEGER,
      requestTimeout: config.request_seconds * 1000,
      http: arrivingWithin(config.request_seconds * 1000),
      clientErrorHandler: answerNoRequest,
      // There is none of Express's middleware here that would need it.
      skipMiddie: true,
      routerOptions: { maxParamLength: 4096 },
      rewriteUrl: (request: object) => normalise(livyUrl(request as IncomingMessage)),
      // What no route can be found for reaches no filter.
      frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
        void reply
          .status(error.statusCode ?? 400)
          .type('application/json; charset=utf-8')
          .send(
            isLivy(request.url)
              ? { msg: error.message }
              : isNexosis(request.url)
                ? { statusCode: error.statusCode ?? 400, message: error.message }
                : { errors: [{ code: 1002, message: error.message }], trace: request.id },
          ),
    }),
    { logger, bodyParser: false },
  );
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  installBodyParser(fastify, config.nexosis.body_limit);
  installLivyRules(fastify);
  installNexosis(fastify, database.store, config.nexosis.body_limit);
  // The last: Livy's headers and the answers to browsers' questions are given everywhere below their dialects.
  installNoRoute(fastify);
  describeApi(app);
  await app.init();

  const backends = app.get(BackendsService);
  const { lost } = await app.get(Commands).recover((unit) =>
    backends.configure(unit, config.backends.map(toNewBackend)).catch((error: unknown) => {
      throw error instanceof Refusal ? wrongBackend(error, config) : error;
    }),
  );
  if (lost > 0)
    logger.warn(`${lost} jobs had lost their runners with the service and are settled`, 'Service');
  const stored = await backends.list();
  const known = stored.map(({ name }) => name);
  for (const doubt of doubtsAbout(config, known)) logger.warn(doubt, 'Service');
  await beginNexosis(app);
  const newAdminToken = await ensureAdminToken(config, app, logger);
  interpreters.resume();
  const keys = { host: 'STINT_HOST', port: 'STINT_PORT' };
  await app.listen(config.port, config.host).catch((error: unknown) => {
    throw cannotListen(error, { ...config, keys });
  });
  const livy = await listenForLivy(config, app, fastify);
  // After listening: what these processes import would keep those waiting who wait for the service.
  await processes.warmUp(new Set(stored.map(({ driver }) => driver)));

  return {
    app,
    url: await app.getUrl(),
    livyUrl: livy?.url ?? null,
    newAdminToken,
    async close() {
      await livy?.close();
      interpreters.close();
      await processes.close();
      await app.get(ClockService).stop();
      await app.close();
      await database.close();
      unlock();
    },
  };
}

/** A backend is refused at the start for what stands in the configuration. */
const wrongBackend = ({ message, solution = '' }: Refusal, { source }: Config): ConfigError =>
  new ConfigError([`${source ?? 'default'}: ${message} ${solution}`.trimEnd()]);

/** Livy's own port, where one is configured, and who acts there for requests without credentials. */
async function listenForLivy(config: Config, app: NestFastifyApplication, fastify: FastifyInstance) {
  const { port, host, token, anonymous } = config.livy;
  if (port === undefined) return null;
  const secret = token ?? (anonymous === undefined ? null : await anonymousToken(app, anonymous));
  const stand = secret === null ? null : { token: secret, loopbackOnly: anonymous !== undefined };
  const server = livyServer(fastify, stand);
  const keys = { host: 'livy.host', port: 'livy.port' };
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, { host, port, keys }) as Error));
    server.listen(port, host, resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`, close };
}

/** A new one at each start: nobody ever sees it. */
async function anonymousToken(
  app: NestFastifyApplication,
  who: { user: string; instance: string },
): Promise<string> {
  const tokens = app.get(TokensService);
  const store = app.get<Store>(STORE);
  const known = await store.write((tx) => tx.facts.get('livy_token'));
  const { token, secret } = await tokens.create({ ...who, role: 'user', expiresAt: null });
  if (known !== null) await tokens.revoke(known);
  await store.write((tx) => tx.facts.set('livy_token', token.id));
  return secret;
}

/** A virtual clock goes on where it stood; the first time it starts at the computer's time. */
async function makeClock(config: Config, store: Store): Promise<Clock> {
  if (config.clock === 'real') return new SystemClock();
  const aliveAt = await store.write((tx) => tx.facts.get('alive_at'));
  return aliveAt === null ? new VirtualClock() : new VirtualClock(Number(aliveAt));
}

/** The configured admin token, or one made at the very first start. A configured one replaces the one before. */
async function ensureAdminToken(
  config: Config,
  app: NestFastifyApplication,
  logger: PinoLogger,
): Promise<string | null> {
  const tokens = app.get(TokensService);
  const store = app.get<Store>(STORE);
  const known = await store.write((tx) => tx.facts.get('bootstrap_token'));
  const asked = config.admin_token;
  if (asked === undefined && known !== null) return null;
  const found = asked === undefined ? null : await store.read.tokenByHash(hashToken(asked));
  if (found !== null) {
    // Who revoked it had a reason: that it is still configured does not bring it back.
    if (found.revokedAt !== null)
      logger.warn(
        'The configured admin token was revoked and opens nothing: configure another one.',
        'Service',
      );
    return null;
  }
  const admin = { user: 'admin', instance: 'default', role: 'admin', expiresAt: null } as const;
  const { token, secret } =
    asked === undefined ? await tokens.create(admin) : await tokens.create(admin, asked);
  if (known !== null) await tokens.revoke(known);
  await store.write((tx) => tx.facts.set('bootstrap_token', token.id));
  return asked === undefined ? secret : null;
}

function describeApi(app: NestFastifyApplication): void {
  const about = new DocumentBuilder()
    .setTitle('Stint')
    .setDescription(
      'Sessions and jobs on shared backends: the Qiskit Runtime, Livy and Nexosis dialects and the operator API.',
    )
    .setVersion('0.1.0')
    .addBasicAuth({ type: 'http', scheme: 'basic', description: 'Your user name and an API token (Livy)' })
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      description: 'An API token, or the bearer token it was exchanged for',
    })
    .addApiKey({ type: 'apiKey', in: 'header', name: 'api-key', description: 'An API token' }, 'api-key')
    .build();
  SwaggerModule.setup('api/v1/docs', app, () => describeAnswers(SwaggerModule.createDocument(app, about)), {
    jsonDocumentUrl: 'api/v1/docs/openapi.json',
    yamlDocumentUrl: 'api/v1/docs/openapi.yaml',
  });
}

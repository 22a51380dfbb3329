import type { IncomingMessage, Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppModule, betweens, drivers as ourDrivers } from './app.module.js';
import { assembleDrivers } from './assemble-drivers.js';
import { toOperator } from './admin/refusals.js';
import { toNewBackend } from './admin/wire.js';
import { hashToken } from './auth/token-hash.js';
import { TokensService } from './auth/tokens.service.js';
import { doubtsAbout, type Config } from './config/config.js';
import type { BackendConfig } from './config/config.schema.js';
import { ConfigError } from './config/config-file.js';
import { versionOf } from './config/version.js';
import { installBodyParser } from './dialects/body-parser.js';
import { describeAnswers } from './dialects/described-answers.js';
import { installNoRoute } from './dialects/no-route.js';
import { answerNoRequest, arrivingWithin } from './dialects/slow-clients.js';
import { installLivyRules, isLivy, livyServer, livyUrl } from './dialects/livy/http.js';
import { installNexosis } from './dialects/nexosis/install.js';
import { beginNexosis } from './dialects/nexosis/parts.js';
import { isOurs as isNexosis, normalise } from './dialects/nexosis/paths.js';
import type { Driver } from './drivers/driver.js';
import { Refusal } from './kernel/refusal.js';
import { cannotListen, urlOf } from './listening.js';
import { Reloader } from './reload.js';
import { BackendsService } from './scheduler/backends.service.js';
import { ClockService } from './scheduler/clock.service.js';
import { Commands } from './scheduler/commands.service.js';
import { STORE, type Clock, type Store } from './scheduler/ports.js';
import { SystemClock, VirtualClock } from './scheduler/system-clock.js';
import type { Unit } from './scheduler/unit.js';
import { openSqlite } from './storage/sqlite/database.js';
import { DataDisk } from './storage/disk.js';
import { lockFolder } from './storage/folder-lock.js';
import { isOpenKey, openKeyFile } from './storage/key-file.js';
import { PinoLogger } from './telemetry/logger.js';
import { installRequestLog, pathOf, requestNames } from './telemetry/request-log.js';
import { LiveTls } from './tls.js';

export interface Service {
  readonly app: NestFastifyApplication;
  readonly url: string;
  /** Where Livy is alone; null without a port of its own. */
  readonly livyUrl: string | null;
  /** Made at the first start without a configured one; this is the only time it can be shown. */
  readonly newAdminToken: string | null;
  /** Applies what of a configuration can be changed in a running service; `read` may throw its mistakes. */
  reload(read: () => Config): Promise<void>;
  /** `why` is for the log. */
  close(why?: string): Promise<void>;
}

/** What a service is put together of; what is missing is what `app.module` names. */
export interface Parts {
  readonly drivers?: readonly Driver[];
}

/** Opens the store, settles what a crash left behind, and only then listens. */
export async function startService(config: Config, { drivers = ourDrivers }: Parts = {}): Promise<Service> {
  // Whatever is made from here on, also by processes that are started, is for this account alone.
  process.umask(0o077);
  const logger = new PinoLogger(config.log_level);
  const keyFile = config.signing_key_file ?? join(config.data, 'stint.key');
  const keyWasOpen = isOpenKey(keyFile);
  const unlock = lockFolder(config.data, (line) => logger.warn(line, 'Service'));
  const open = async () => ({
    signingKey: openKeyFile(keyFile, keyWasOpen),
    tls: config.tls === undefined ? null : new LiveTls(config.tls, logger),
    database: await openSqlite(config.data),
  });
  const { signingKey, tls, database } = await open().catch((error: unknown) => {
    unlock();
    throw error;
  });
  const clock = await makeClock(config, database.store);
  if ((await forgetOldKey(database.store)) || keyWasOpen) logger.warn(keyReplaced, 'Service');
  const nameOfRequest = requestNames();
  const arriving = arrivingWithin(config.request_seconds * 1000);
  const driving = assembleDrivers(config, drivers, betweens(config, database.store, clock));

  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with(config, {
      ...{ ...driving, store: database.store, clock, signingKey },
      disk: new DataDisk(config.data, database.store),
    }),
    new FastifyAdapter({
      // Event streams stay open for ever: they must not keep the service from stopping.
      forceCloseConnections: true,
      bodyLimit: Number.MAX_SAFE_INTEGER,
      requestTimeout: config.request_seconds * 1000,
      ...(tls === null ? { http: arriving } : { https: { ...arriving, ...tls.pair } }),
      genReqId: nameOfRequest,
      trustProxy: config.trusted_proxies.length > 0 && [...config.trusted_proxies],
      clientErrorHandler: answerNoRequest(nameOfRequest, (line) => logger.write('info', line, ['Request'])),
      // There is none of Express's middleware here that would need it.
      skipMiddie: true,
      routerOptions: { maxParamLength: 4096 },
      rewriteUrl: (request: object) => normalise(livyUrl(request as IncomingMessage)),
      // What no route can be found for reaches no filter.
      frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
        const { id: trace, ip: address } = request;
        logger.write('info', { msg: error.message, trace, path: pathOf(request), address }, ['Request']);
        void reply
          .status(error.statusCode ?? 400)
          .type('application/json; charset=utf-8')
          .send(
            isLivy(request.url)
              ? { msg: error.message }
              : isNexosis(request.url)
                ? { statusCode: error.statusCode ?? 400, message: error.message }
                : { errors: [{ code: 1002, message: error.message }], trace: request.id },
          );
      },
    }),
    { logger, bodyParser: false },
  );
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  installRequestLog(fastify, logger);
  installBodyParser(fastify, config.nexosis.body_limit);
  installLivyRules(fastify);
  installNexosis(fastify, database.store, config.nexosis.body_limit);
  // The last: Livy's headers and the answers to browsers' questions are given everywhere below their dialects.
  installNoRoute(fastify);
  describeApi(app, config.home);
  await app.init();

  const backends = app.get(BackendsService);
  const commands = app.get(Commands);
  const described = (backend: BackendConfig) => toNewBackend(backend, driving.drivers);
  const configured = async (unit: Unit, wanted: readonly BackendConfig[], from: Config) => {
    try {
      for (const each of from.backends) backends.check(described(each));
      await backends.configure(unit, wanted.map(described));
    } catch (error) {
      throw error instanceof Refusal ? wrongBackend(error, from) : error;
    }
  };
  const { lost } = await commands.recover((unit) => configured(unit, config.backends, config));
  if (lost > 0)
    logger.warn(`${lost} jobs had lost their runners with the service and are settled`, 'Service');
  const stored = await backends.list();
  const known = stored.map(({ name }) => name);
  const doubts = [...(config.doubts ?? []), ...doubtsAbout(config, known)];
  for (const doubt of doubts) logger.warn(doubt, 'Service');
  await beginNexosis(app);
  const newAdminToken = await ensureAdminToken(config, app, logger);
  driving.resume();
  const keys = { host: 'STINT_HOST', port: 'STINT_PORT' };
  await app.listen(config.port, config.host).catch((error: unknown) => {
    throw cannotListen(error, { ...config, keys });
  });
  tls?.keepCurrent(app.getHttpServer() as unknown as TlsServer);
  const livy = await listenForLivy(config, app, fastify, tls);
  // After listening: what these processes import would keep those waiting who wait for the service.
  await driving.warmUp(new Set(stored.map(({ driver }) => driver)));

  const reloader = new Reloader(config, {
    logger,
    tls,
    drivers: async () => new Map((await backends.list()).map(({ name, driver }) => [name, driver])),
    configure: (wanted, from) => commands.run((unit) => configured(unit, wanted, from)),
  });
  const url = urlOf(app.getHttpServer() as unknown as Server, tls !== null);
  logger.log({ msg: 'Stint listens.', url, livy: livy?.url ?? null, data: config.data }, 'Service');
  return {
    app,
    url,
    livyUrl: livy?.url ?? null,
    newAdminToken,
    reload: (read) => reloader.reload(read),
    async close(why = 'it was asked to') {
      logger.log({ msg: `Stint stops: ${why}.`, why }, 'Service');
      tls?.close();
      await livy?.close();
      await driving.close();
      await app.get(ClockService).stop();
      await app.close();
      await database.close();
      unlock();
      await logger.last('Stint has stopped.', 'Service');
    },
  };
}

/** A backend is refused at the start for what stands in the configuration. */
const wrongBackend = (refusal: Refusal, { source }: Config): ConfigError =>
  new ConfigError([`${source ?? 'default'}: ${toOperator(refusal)}`]);

/** Livy's own port, where one is configured, and who acts there for requests without credentials. */
async function listenForLivy(
  config: Config,
  app: NestFastifyApplication,
  fastify: FastifyInstance,
  tls: LiveTls | null,
) {
  const { port, host, token, anonymous } = config.livy;
  if (port === undefined) return null;
  const secret = token ?? (anonymous === undefined ? null : await anonymousToken(app, anonymous));
  const stand = secret === null ? null : { token: secret, loopbackOnly: anonymous !== undefined };
  const server = livyServer(
    fastify,
    stand,
    tls === null ? undefined : (answer) => createTlsServer(tls.pair, answer),
  );
  tls?.keepCurrent(server as TlsServer);
  const keys = { host: 'livy.host', port: 'livy.port' };
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, { host, port, keys }) as Error));
    server.listen(port, host, resolve);
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: urlOf(server, tls !== null), close };
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

const keyReplaced =
  'The key that signs bearer tokens was kept in the database or could be read by other accounts. There is a new one now: ' +
  'bearer tokens that were made before open nothing, and clients renew theirs by themselves.';

/** Older versions kept the key in the database, and so in every backup. It is replaced, so that those are worth nothing. */
async function forgetOldKey(store: Store): Promise<boolean> {
  return store.write(async ({ facts }) => {
    if ((await facts.get('signing_key')) === null) return false;
    await facts.remove('signing_key');
    return true;
  });
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

function describeApi(app: NestFastifyApplication, home: string): void {
  const about = new DocumentBuilder()
    .setTitle('Stint')
    .setDescription(
      'Sessions and jobs on shared backends: the Qiskit Runtime, Livy and Nexosis dialects and the operator API.',
    )
    .setVersion(versionOf(home))
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

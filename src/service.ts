import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  AppModule,
  runnerMiddlewares,
  dialects as ourDialects,
  drivers as ourDrivers,
  dialectConfig,
} from './app.module.js';
import { assembleDrivers } from './assemble-drivers.js';
import { operatorMessage } from './admin/refusals.js';
import { toNewBackend } from './admin/wire.js';
import { hashToken } from './auth/token-hash.js';
import { TokensService } from './auth/tokens.service.js';
import { backendWarnings, type Config } from './config/config.js';
import type { BackendConfig } from './config/config.schema.js';
import { ConfigError } from './config/config-file.js';
import { versionOf } from './config/version.js';
import { installBodyParser } from './dialects/body-parser.js';
import { describeAnswers } from './dialects/described-answers.js';
import { dialectOf, type Dialect, type Host } from './dialects/dialect.js';
import { installNoRoute } from './dialects/no-route.js';
import { answerIncompleteRequest, requestTimeouts } from './dialects/slow-clients.js';
import type { Driver } from './drivers/driver.js';
import { Refusal } from './kernel/refusal.js';
import { cannotListen, urlOf } from './listening.js';
import { Reloader } from './reload.js';
import { BackendsService } from './scheduler/backends.service.js';
import { ClockService } from './scheduler/clock.service.js';
import { Commands } from './scheduler/commands.service.js';
import { STORE, type Clock, type Store } from './scheduler/ports.js';
import { SystemClock, VirtualClock } from './scheduler/system-clock.js';
import type { UnitOfWork } from './scheduler/unit-of-work.js';
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
  /** Titles and URLs of the dialects that have their own port. */
  readonly ownPorts: readonly { readonly title: string; readonly url: string }[];
  /** The admin token if this first start created one, else null. It cannot be shown again later. */
  readonly newAdminToken: string | null;
  /** Applies the settings that a running service can change. `read` may throw a ConfigError. */
  reload(read: () => Config): Promise<void>;
  /** Stops the service; the log contains `why`. */
  close(why?: string): Promise<void>;
}

/** The drivers and dialects of a service; the default is those of `app.module`. */
export interface ServiceParts {
  readonly drivers?: readonly Driver[];
  readonly dialects?: readonly Dialect[];
}

/** Opens the store, recovers from a crash, and only then listens. */
export async function startService(
  config: Config,
  { drivers = ourDrivers, dialects = ourDialects }: ServiceParts = {},
): Promise<Service> {
  // Files that this process and its children create from now on are private to this account.
  process.umask(0o077);
  const logger = new PinoLogger(config.log_level);
  const keyFile = config.signing_key_file ?? join(config.data, 'stint.key');
  const keyWasOpen = isOpenKey(keyFile);
  const unlock = lockFolder(config.data, (line) => logger.warn(line, 'Service'));
  const open = async () => ({
    signingKey: openKeyFile(keyFile, keyWasOpen),
    tls: config.tls === undefined ? null : new LiveTls(config.tls, logger),
    database: await openSqlite(
      config.data,
      dialects.flatMap(({ tables }) => tables ?? []),
    ),
  });
  const { signingKey, tls, database } = await open().catch((error: unknown) => {
    unlock();
    throw error;
  });
  const clock = await makeClock(config, database.store);
  if ((await forgetOldKey(database.store)) || keyWasOpen) logger.warn(keyReplaced, 'Service');
  const nameOfRequest = requestNames();
  const arriving = requestTimeouts(config.request_seconds * 1000);
  const assembled = assembleDrivers(config, drivers, runnerMiddlewares(config, database.store, clock));

  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with(
      config,
      {
        ...{ ...assembled, store: database.store, clock, signingKey },
        disk: new DataDisk(config.data, database.store),
      },
      dialects,
    ),
    new FastifyAdapter({
      // Event streams stay open indefinitely and must not delay a stop.
      forceCloseConnections: true,
      bodyLimit: Number.MAX_SAFE_INTEGER,
      requestTimeout: config.request_seconds * 1000,
      ...(tls === null ? { http: arriving } : { https: { ...arriving, ...tls.pair } }),
      genReqId: nameOfRequest,
      trustProxy: config.trusted_proxies.length > 0 && [...config.trusted_proxies],
      clientErrorHandler: answerIncompleteRequest(
        nameOfRequest,
        (line) => logger.write('info', line, ['Request']),
        (problem) => dialectOf(dialects, '/').errorBody(problem),
      ),
      // No Express middleware is used, so the service does not need Middie.
      skipMiddie: true,
      routerOptions: { maxParamLength: 4096 },
      rewriteUrl: (request: object) => rewrite(request as IncomingMessage, dialects),
      // Fastify rejects some requests before routing; exception filters do not see those.
      frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
        const { id: trace, ip: address, url } = request;
        const { message, statusCode: status = 400 } = error;
        logger.write('info', { msg: message, trace, path: pathOf(request), address }, ['Request']);
        const body = dialectOf(dialects, url).errorBody({ status, message, trace });
        void reply.status(status).type('application/json; charset=utf-8').send(body);
      },
    }),
    { logger, bodyParser: false },
  );
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  installRequestLog(fastify, logger);
  const own = new Map(dialects.map((each) => [each, dialectConfig(each, config)]));
  const ownTo = (each: Dialect) => own.get(each) ?? dialectConfig(each, config);
  installBodyParser(fastify, (request, payload) => {
    const owner = dialectOf(dialects, request.url);
    return owner.readBody(request, payload, ownTo(owner));
  });
  for (const each of dialects) each.install?.(fastify, { ...ownTo(each), store: database.store });
  // Install this last, so that dialects' headers and CORS answers also apply to addresses without a route.
  installNoRoute(fastify, dialects);
  describeApi(app, config.home, dialects);
  await app.init();

  const backends = app.get(BackendsService);
  const commands = app.get(Commands);
  const newBackend = (backend: BackendConfig) => toNewBackend(backend, assembled.drivers);
  const configure = async (unit: UnitOfWork, configs: readonly BackendConfig[], from: Config) => {
    try {
      for (const each of from.backends) backends.check(newBackend(each));
      await backends.configure(unit, configs.map(newBackend));
    } catch (error) {
      throw error instanceof Refusal ? wrongBackend(error, from) : error;
    }
  };
  const { lost } = await commands.recover((unit) => configure(unit, config.backends, config));
  if (lost > 0)
    logger.warn(
      `${lost} jobs lost their runners while the service was down and have been settled`,
      'Service',
    );
  const stored = await backends.list();
  const known = stored.map(({ name }) => name);
  const warnings = [...(config.warnings ?? []), ...backendWarnings(config, known)];
  for (const warning of warnings) logger.warn(warning, 'Service');
  for (const each of dialects) await each.resumeWork?.(app);
  const newAdminToken = await ensureAdminToken(config, app, logger);
  assembled.resume();
  const keys = { host: 'STINT_HOST', port: 'STINT_PORT' };
  await app.listen(config.port, config.host).catch((error: unknown) => {
    throw cannotListen(error, { ...config, keys });
  });
  tls?.keepCurrent(app.getHttpServer() as unknown as TlsServer);
  const host: Host = { app, fastify, listen: listenWith(tls) };
  const ports = new Map<string, { readonly title: string; readonly url: string; close(): Promise<void> }>();
  for (const each of dialects) {
    const port = await each.listen?.(host, ownTo(each));
    if (port != null) ports.set(each.name, { title: each.title, ...port });
  }
  // Start workers after listening, because their imports would slow down the start of the service.
  await assembled.warmUp(new Set(stored.map(({ driver }) => driver)));

  const reloader = new Reloader(config, {
    logger,
    tls,
    drivers: async () => new Map((await backends.list()).map(({ name, driver }) => [name, driver])),
    configure: (configs, from) => commands.run((unit) => configure(unit, configs, from)),
  });
  const url = urlOf(app.getHttpServer() as unknown as Server, tls !== null);
  const urls = dialects
    .filter(({ listen }) => listen !== undefined)
    .map(({ name }) => [name, ports.get(name)?.url ?? null] as const);
  logger.log({ msg: 'Stint listens.', url, ...Object.fromEntries(urls), data: config.data }, 'Service');
  return {
    app,
    url,
    ownPorts: [...ports.values()],
    newAdminToken,
    reload: (read) => reloader.reload(read),
    async close(why = 'requested') {
      logger.log({ msg: `Stint stops: ${why}.`, why }, 'Service');
      tls?.close();
      for (const port of ports.values()) await port.close();
      await assembled.close();
      await app.get(ClockService).stop();
      await app.close();
      await database.close();
      unlock();
      await logger.last('Stint has stopped.', 'Service');
    },
  };
}

/** Reports a refused backend as a mistake in the configuration. */
const wrongBackend = (refusal: Refusal, { source }: Config): ConfigError =>
  new ConfigError([`${source ?? 'default'}: ${operatorMessage(refusal)}`]);

/** Rewrites an address so that it matches the routes; each dialect may rewrite its own addresses. */
function rewrite(request: IncomingMessage, dialects: readonly Dialect[]): string {
  for (const each of dialects) if (each.rewrite !== undefined) request.url = each.rewrite(request);
  return request.url ?? '/';
}

/** Returns the function with which a dialect opens a port of its own. */
const listenWith =
  (tls: LiveTls | null): Host['listen'] =>
  async (answer, place) => {
    const server = tls === null ? createServer(answer) : createTlsServer(tls.pair, answer);
    tls?.keepCurrent(server as TlsServer);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(cannotListen(error, place) as Error));
      server.listen(place.port, place.host, resolve);
    });
    const close = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    return { url: urlOf(server, tls !== null), close };
  };

const keyReplaced =
  'The key that signs bearer tokens was stored in the database or could be read by other accounts, and has been replaced. ' +
  'Existing bearer tokens are no longer valid; clients renew theirs automatically.';

/**
 * Deletes the signing key that older versions stored in the database. Every backup contains that key, so it must not
 * sign anything any more.
 */
async function forgetOldKey(store: Store): Promise<boolean> {
  return store.write(async ({ facts }) => {
    if ((await facts.get('signing_key')) === null) return false;
    await facts.remove('signing_key');
    return true;
  });
}

/**
 * Creates the clock. A virtual clock resumes at the time of the last change; at first it starts at the current time.
 */
async function makeClock(config: Config, store: Store): Promise<Clock> {
  if (config.clock === 'real') return new SystemClock();
  const aliveAt = await store.write((tx) => tx.facts.get('alive_at'));
  return aliveAt === null ? new VirtualClock() : new VirtualClock(Number(aliveAt));
}

/**
 * Makes sure that an admin token exists: the configured one, or one that the first start creates. A configured token
 * replaces the previous one. Returns the secret of a created token, else null.
 */
async function ensureAdminToken(
  config: Config,
  app: NestFastifyApplication,
  logger: PinoLogger,
): Promise<string | null> {
  const tokens = app.get(TokensService);
  const store = app.get<Store>(STORE);
  const commands = app.get(Commands);
  const known = await commands.run(({ tx }) => tx.facts.get('bootstrap_token'));
  const configured = config.admin_token;
  if (configured === undefined && known !== null) return null;
  const stored = configured === undefined ? null : await store.read.tokenByHash(hashToken(configured));
  if (stored !== null) {
    // A revoked token stays revoked, even if it is still configured.
    if (stored.revokedAt !== null)
      logger.warn(
        'The configured admin token was revoked and is not valid: configure another one.',
        'Service',
      );
    return null;
  }
  const admin = { user: 'admin', instance: 'default', role: 'admin', expiresAt: null } as const;
  const { token, secret } =
    configured === undefined ? await tokens.create(admin) : await tokens.create(admin, configured);
  if (known !== null) await tokens.revoke(known);
  await commands.run(({ tx }) => tx.facts.set('bootstrap_token', token.id));
  return configured === undefined ? secret : null;
}

function describeApi(app: NestFastifyApplication, home: string, dialects: readonly Dialect[]): void {
  // Name the dialect that handles all other requests first.
  const described = [...dialects].reverse();
  const titles = new Intl.ListFormat('en-GB').format(described.map(({ title }) => title));
  const about = new DocumentBuilder()
    .setTitle('Stint')
    .setDescription(`Sessions and jobs on shared backends: the ${titles} dialects and the operator API.`)
    .setVersion(versionOf(home))
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      description: 'An API token, or the bearer token it was exchanged for',
    });
  for (const { api } of described) api?.security?.(about);
  const describe = () => describeAnswers(SwaggerModule.createDocument(app, about.build()), dialects);
  SwaggerModule.setup('api/v1/docs', app, describe, {
    jsonDocumentUrl: 'api/v1/docs/openapi.json',
    yamlDocumentUrl: 'api/v1/docs/openapi.yaml',
  });
}

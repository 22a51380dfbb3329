import type { INestApplicationContext } from '@nestjs/common';
import { TokensService } from '../../auth/tokens.service.js';
import { Commands } from '../../scheduler/commands.service.js';
import { factOf } from '../../scheduler/ports.js';
import type { Host, OwnPort } from '../dialect.js';
import { serveLivy } from './http.js';
import type { LivyConfig } from './settings.js';

/** Opens Livy's own port if one is configured, with the credentials for requests that have none. */
export async function listenForLivy(
  { app, fastify, listen }: Host,
  { port, host, token, anonymous }: LivyConfig,
): Promise<OwnPort | null> {
  if (port === undefined) return null;
  const secret = token ?? (anonymous === undefined ? null : await anonymousToken(app, anonymous));
  const defaults = secret === null ? null : { token: secret, loopbackOnly: anonymous !== undefined };
  const keys = { host: 'livy.host', port: 'livy.port' };
  return listen(serveLivy(fastify, defaults), { host, port, keys });
}

const lastToken = factOf('livy', 'token');

/** Creates a new token at each start, because nobody needs to know it, and revokes the previous one. */
async function anonymousToken(
  app: INestApplicationContext,
  owner: { user: string; instance: string },
): Promise<string> {
  const tokens = app.get(TokensService);
  const commands = app.get(Commands);
  const previous = await commands.run(({ tx }) => tx.facts.get(lastToken));
  const { token, secret } = await tokens.create({ ...owner, role: 'user', expiresAt: null });
  if (previous !== null) await tokens.revoke(previous);
  await commands.run(({ tx }) => tx.facts.set(lastToken, token.id));
  return secret;
}

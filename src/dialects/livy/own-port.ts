import type { INestApplicationContext } from '@nestjs/common';
import { TokensService } from '../../auth/tokens.service.js';
import { Commands } from '../../scheduler/commands.service.js';
import { factOf } from '../../scheduler/ports.js';
import type { Host, OwnPort } from '../dialect.js';
import { livyAlone } from './http.js';
import type { LivyConfig } from './settings.js';

/** Livy's own port, where one is configured, and who acts there for requests without credentials. */
export async function listenForLivy(
  { app, fastify, listen }: Host,
  { port, host, token, anonymous }: LivyConfig,
): Promise<OwnPort | null> {
  if (port === undefined) return null;
  const secret = token ?? (anonymous === undefined ? null : await anonymousToken(app, anonymous));
  const stand = secret === null ? null : { token: secret, loopbackOnly: anonymous !== undefined };
  const keys = { host: 'livy.host', port: 'livy.port' };
  return listen(livyAlone(fastify, stand), { host, port, keys });
}

const lastToken = factOf('livy', 'token');

/** A new one at each start: nobody ever sees it. */
async function anonymousToken(
  app: INestApplicationContext,
  who: { user: string; instance: string },
): Promise<string> {
  const tokens = app.get(TokensService);
  const commands = app.get(Commands);
  const known = await commands.run(({ tx }) => tx.facts.get(lastToken));
  const { token, secret } = await tokens.create({ ...who, role: 'user', expiresAt: null });
  if (known !== null) await tokens.revoke(known);
  await commands.run(({ tx }) => tx.facts.set(lastToken, token.id));
  return secret;
}

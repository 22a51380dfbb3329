import { createParamDecorator, UnauthorizedException, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../../../kernel/access/access.js';
import { Fields } from './fields.js';
import { readJson } from './json-bodies.js';

/** Where this dialect answers. */
export const mount = 'nexosis/v1';

/** A body as it came, with the type it was sent with. */
export class SentBody {
  constructor(
    readonly bytes: Buffer,
    readonly type: string,
  ) {}

  /** As JSON; `taken` are the types that the route takes. */
  json(taken = 'application/json'): Record<string, unknown> {
    return readJson(this, taken);
  }
}

type Received = FastifyRequest & { actor?: Actor };

/** A request as this dialect's routes see it. */
export interface Asked {
  readonly actor: Actor;
  /** Where the API was reached, without a slash at the end: links begin with it. */
  readonly base: string;
  readonly query: Fields;
  /** Query and JSON body. */
  readonly fields: Fields;
  readonly body: SentBody;
  readonly wantsCsv: boolean;
  /** Address of this request below `base`, and its query as it was sent. */
  readonly path: string;
  readonly search: URLSearchParams;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

const origin = /^https?:\/\/[\w.-]+(:\d+)?$|^https?:\/\/\[[\da-f:.]+\](:\d+)?$/i;

/**
 * Where the client reached us, for links. A name that is none (a proxy may pass on whatever a client claims) gives way to
 * the address that took the request: links are stored and shown to others.
 */
function originOf({ protocol, host, socket }: FastifyRequest): string {
  const claimed = `${protocol}://${host}`;
  if (origin.test(claimed)) return claimed;
  const { localAddress = '127.0.0.1', localPort } = socket;
  const address = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  return `${'encrypted' in socket ? 'https' : 'http'}://${address}:${localPort}`;
}

export const Ask = createParamDecorator((_: unknown, context: ExecutionContext): Asked => {
  const http = context.switchToHttp();
  const request = http.getRequest<Received>();
  const { actor } = request;
  if (actor === undefined) throw new UnauthorizedException('This route has no asker.');
  const body = request.body instanceof SentBody ? request.body : new SentBody(Buffer.alloc(0), '');
  const [path = '', search = ''] = request.url.split('?');
  const query = new Fields(request.query);
  let fields: Fields | undefined;
  return {
    actor,
    body,
    query,
    base: `${originOf(request)}/${mount}`,
    // Read when first wanted: an upload of many megabytes is read in another way.
    get fields() {
      return (fields ??= new Fields(request.query, body.json()));
    },
    wantsCsv: /\btext\/csv\b/i.test(request.headers.accept ?? ''),
    path: path.replace(new RegExp(`^/${mount}/?`, 'i'), ''),
    search: new URLSearchParams(search),
    request,
    reply: http.getResponse<FastifyReply>(),
  };
});

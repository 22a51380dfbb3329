import { createParamDecorator, UnauthorizedException, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../../../kernel/access/access.js';
import { Fields } from './fields.js';
import { readJson } from './json-bodies.js';

/** Path prefix of all routes of this dialect. */
export const mount = 'nexosis/v1';

/** The bytes of a body and its content type, as sent. */
export class SentBody {
  constructor(
    readonly bytes: Buffer,
    readonly type: string,
  ) {}

  /** Returns the members of a JSON body. `accepted` names the types that the route accepts, for the error. */
  json(accepted = 'application/json'): Record<string, unknown> {
    return readJson(this, accepted);
  }
}

type GuardedRequest = FastifyRequest & { actor?: Actor };

/** A parsed request, as the controllers of this dialect receive it. */
export interface NexosisRequest {
  readonly actor: Actor;
  /** Base URL of the API as the client addressed it, without a trailing slash. Links start with it. */
  readonly base: string;
  readonly query: Fields;
  /** Parameters of the query and the JSON body. */
  readonly fields: Fields;
  readonly body: SentBody;
  readonly wantsCsv: boolean;
  /** Path below `base`. */
  readonly path: string;
  /** The query as sent. */
  readonly search: URLSearchParams;
  readonly fastify: FastifyRequest;
  readonly reply: FastifyReply;
}

const origin = /^https?:\/\/[\w.-]+(:\d+)?$|^https?:\/\/\[[\da-f:.]+\](:\d+)?$/i;

/**
 * Returns the origin for links. Links are stored and shown to others, and a proxy may pass on any host that a client
 * claims. A malformed host is therefore replaced by the address of the socket that received the request.
 */
function originOf({ protocol, host, socket }: FastifyRequest): string {
  const claimed = `${protocol}://${host}`;
  if (origin.test(claimed)) return claimed;
  const { localAddress = '127.0.0.1', localPort } = socket;
  const address = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  return `${'encrypted' in socket ? 'https' : 'http'}://${address}:${localPort}`;
}

/** Injects the {@link NexosisRequest} of a route. */
export const Incoming = createParamDecorator((_: unknown, context: ExecutionContext): NexosisRequest => {
  const http = context.switchToHttp();
  const request = http.getRequest<GuardedRequest>();
  const { actor } = request;
  if (actor === undefined) throw new UnauthorizedException('This route does not authenticate its requests.');
  const body = request.body instanceof SentBody ? request.body : new SentBody(Buffer.alloc(0), '');
  const [path = '', search = ''] = request.url.split('?');
  const query = new Fields(request.query);
  let fields: Fields | undefined;
  return {
    actor,
    body,
    query,
    base: `${originOf(request)}/${mount}`,
    // Parsed on first use, because uploads of many megabytes are parsed in another way.
    get fields() {
      return (fields ??= new Fields(request.query, body.json()));
    },
    wantsCsv: /\btext\/csv\b/i.test(request.headers.accept ?? ''),
    path: path.replace(new RegExp(`^/${mount}/?`, 'i'), ''),
    search: new URLSearchParams(search),
    fastify: request,
    reply: http.getResponse<FastifyReply>(),
  };
});

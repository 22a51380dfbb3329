import {
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { tap, type Observable } from 'rxjs';
import type { Actor } from '../kernel/access/access.js';

type Asked = FastifyRequest & { readonly actor?: Actor };

/** What of a body is worth a line. Values of other members may be secret, so these are only named. */
const told = ['user', 'instance', 'role', 'name', 'status', 'reason', 'running_jobs', 'advance_seconds'];

/** Writes one line for each operator call that changed something: who did what, on what. */
@Injectable()
export class AdminActs implements NestInterceptor {
  private readonly logger = new Logger('Admin');

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Asked>();
    if (request.method === 'GET' || request.method === 'HEAD') return next.handle();
    const act = wordsOf(context.getHandler().name);
    return next.handle().pipe(tap((made) => this.logger.log(lineOf(act, request, made))));
  }
}

/** `addToken` is "add token". */
const wordsOf = (handler: string): string =>
  handler.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function lineOf(act: string, request: Asked, made: unknown) {
  const { actor } = request;
  const on = targetOf(request, made);
  const body = membersOf(request.body);
  return {
    msg: `Admin ${actor?.user ?? 'unknown'}: ${act}${on === null ? '' : ` ${on}`}`,
    act,
    on,
    by: actor?.user ?? null,
    token: actor?.tokenId ?? null,
    trace: request.id,
    address: request.ip,
    members: Object.keys(body),
    ...Object.fromEntries(told.filter((key) => key in body).map((key) => [`new_${key}`, body[key]])),
  };
}

/** The subject in the address, or what was made. */
function targetOf({ params }: Asked, made: unknown): string | null {
  const [named] = Object.values(membersOf(params));
  const { id, name } = membersOf(made);
  return ([named, id, name].find((each) => typeof each === 'string') as string | undefined) ?? null;
}

const membersOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

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

type AdminRequest = FastifyRequest & { readonly actor?: Actor };

/** Body members that are logged with their values. Other values may be secret, so only their names are logged. */
const loggedMembers = [
  'user',
  'instance',
  'role',
  'name',
  'status',
  'reason',
  'running_jobs',
  'advance_seconds',
];

/** Logs one line for each operator call that changed something: who changed what, and how. */
@Injectable()
export class AdminActs implements NestInterceptor {
  private readonly logger = new Logger('Admin');

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<AdminRequest>();
    if (request.method === 'GET' || request.method === 'HEAD') return next.handle();
    const act = actOf(context.getHandler().name);
    return next.handle().pipe(tap((answer) => this.logger.log(lineOf(act, request, answer))));
  }
}

/** Turns a handler's name into words: `addToken` becomes "add token". */
const actOf = (handler: string): string => handler.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function lineOf(act: string, request: AdminRequest, answer: unknown) {
  const { actor } = request;
  const on = targetOf(request, answer);
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
    ...Object.fromEntries(loggedMembers.filter((key) => key in body).map((key) => [`new_${key}`, body[key]])),
  };
}

/** Returns the path parameter, or else the id or name in the answer; null if there is none of them. */
function targetOf({ params }: AdminRequest, answer: unknown): string | null {
  const [param] = Object.values(membersOf(params));
  const { id, name } = membersOf(answer);
  return ([param, id, name].find((each) => typeof each === 'string') as string | undefined) ?? null;
}

const membersOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

import { Controller, Get, Headers, Param, Query, Sse, type MessageEvent } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { interval, map, merge, type Observable } from 'rxjs';
import { Asker } from '../../auth/token.guard.js';
import type { Actor } from '../../kernel/access/access.js';
import { EventsService } from '../../scheduler/events.service.js';
import { SessionsService } from '../../scheduler/sessions.service.js';
import { ApiRefusals, ApiTokenErrors } from './api-errors.js';
import { mounts } from './mounts.js';
import { EventsQuery } from './requests.dto.js';
import { fromEvent } from './wire.js';

/** Proxies close a stream that is silent for a minute. */
const heartbeat = 15_000;

@ApiTags('events')
@ApiBearerAuth()
@ApiTokenErrors()
@Controller({ path: mounts('') })
export class EventsController {
  constructor(
    private readonly events: EventsService,
    private readonly sessions: SessionsService,
  ) {}

  @ApiOperation({ summary: 'What happened to a session and its jobs, oldest first' })
  @ApiRefusals(['invalid_value', 'unknown_session'])
  @Get('sessions/:id/events')
  async list(@Asker() actor: Actor, @Param('id') id: string, @Query() { after, limit }: EventsQuery) {
    await this.sessions.get(actor, id);
    const found = await this.events.list({ session: id, after, limit });
    return { events: found.map(fromEvent), next: found.length === limit ? (found.at(-1)?.id ?? null) : null };
  }

  @ApiOperation({
    summary: 'The same as a live stream of server-sent events, from the first one or Last-Event-ID on',
  })
  @ApiRefusals(['unknown_session'])
  @Sse('sessions/:id/events/stream')
  async follow(
    @Asker() actor: Actor,
    @Param('id') id: string,
    @Headers('last-event-id') last?: string,
  ): Promise<Observable<MessageEvent>> {
    await this.sessions.get(actor, id);
    return live(this.events.follow({ session: id, after: idOf(last) ?? 0 }));
  }

  @ApiOperation({
    summary: 'Live: everything of your instance, for admins of all, from now or Last-Event-ID on',
  })
  @Sse('events')
  async followAll(
    @Asker() actor: Actor,
    @Headers('last-event-id') last?: string,
  ): Promise<Observable<MessageEvent>> {
    const instance = actor.role === 'admin' ? undefined : actor.instance.id;
    return live(this.events.follow({ instance, after: idOf(last) ?? (await this.events.last()) }));
  }
}

const idOf = (header: string | undefined): number | null =>
  header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : null;

const live = (events: ReturnType<EventsService['follow']>): Observable<MessageEvent> =>
  merge(
    events.pipe(map((event) => ({ id: String(event.id), type: event.type, data: fromEvent(event) }))),
    interval(heartbeat).pipe(map(() => ({ type: 'heartbeat', data: {} }))),
  );

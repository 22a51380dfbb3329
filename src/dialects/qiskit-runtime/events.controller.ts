import { applyDecorators, Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Asker, GoodFor } from '../../auth/token.guard.js';
import type { Actor } from '../../kernel/access/access.js';
import type { Millis } from '../../kernel/time.js';
import { EventsService } from '../../scheduler/events.service.js';
import { JobsService } from '../../scheduler/jobs.service.js';
import { SharingService } from '../../scheduler/sharing.service.js';
import { InstancesService } from '../../scheduler/instances.service.js';
import type { EventFilter, EventRecord } from '../../scheduler/ports.js';
import { SessionsService } from '../../scheduler/sessions.service.js';
import { EventsAnswer, type EventAnswer } from './answers.dto.js';
import { ApiRefusals, ApiTokenErrors } from './api-errors.js';
import { sendEvents } from './event-stream.js';
import { mounts } from './mounts.js';
import { EventsQuery } from './requests.dto.js';
import { fromEvent } from './wire.js';

/** Proxies close a stream that is silent for a minute. */
const heartbeat = 15_000;

const ApiEventStream = () =>
  applyDecorators(
    ApiHeader({
      name: 'last-event-id',
      required: false,
      description: 'The id of the last event that was received',
    }),
    ApiOkResponse({
      description: 'Events as they happen; their data is that of GET /sessions/{id}/events',
      // No type: some tools read the text, others the events in it.
      content: { 'text/event-stream': { schema: {} } },
    }),
  );

@ApiTags('events')
@ApiBearerAuth()
@ApiTokenErrors()
@Controller({ path: mounts('') })
export class EventsController {
  constructor(
    private readonly events: EventsService,
    private readonly sessions: SessionsService,
    private readonly instances: InstancesService,
    private readonly jobs: JobsService,
    private readonly sharing: SharingService,
  ) {}

  @ApiOperation({ summary: 'What happened to a session and its jobs, oldest first' })
  @ApiRefusals(['invalid_value', 'unknown_session'])
  @ApiOkResponse({ type: EventsAnswer })
  @Get('sessions/:id/events')
  async list(
    @Asker() actor: Actor,
    @Param('id') id: string,
    @Query() { after, limit }: EventsQuery,
  ): Promise<EventsAnswer> {
    await this.sessions.get(actor, id);
    const found = await this.events.list({ session: id, after, limit });
    return {
      events: await this.shown(actor, found),
      next: found.length === limit ? (found.at(-1)?.id ?? null) : null,
    };
  }

  @ApiOperation({
    summary: 'The same as a live stream of server-sent events, from the first one or Last-Event-ID on',
  })
  @ApiRefusals(['unknown_session'])
  @ApiEventStream()
  @Get('sessions/:id/events/stream')
  async follow(
    @Asker() actor: Actor,
    @Param('id') id: string,
    @GoodFor() goodFor: () => Promise<Millis>,
    @Res() reply: FastifyReply,
    @Headers('last-event-id') last?: string,
  ): Promise<void> {
    await this.sessions.get(actor, id);
    const filter = { session: id, after: idOf(last) ?? 0 };
    await this.send(reply, actor, filter, goodFor);
  }

  @ApiOperation({
    summary: 'Live: everything of your instance, for admins of all, from now or Last-Event-ID on',
  })
  @ApiEventStream()
  @Get('events')
  async followAll(
    @Asker() actor: Actor,
    @GoodFor() goodFor: () => Promise<Millis>,
    @Res() reply: FastifyReply,
    @Headers('last-event-id') last?: string,
  ): Promise<void> {
    const instance = actor.role === 'admin' ? undefined : actor.instance.id;
    const filter = { instance, after: idOf(last) ?? (await this.events.last()) };
    await this.send(reply, actor, filter, goodFor);
  }

  /** Follows the log for as long as the client stays and its token is good. */
  private send(
    reply: FastifyReply,
    actor: Actor,
    filter: Omit<EventFilter, 'limit'>,
    goodFor: () => Promise<Millis>,
  ): Promise<void> {
    const shown = (page: readonly EventRecord[]) => this.shown(actor, page);
    const { events } = this;
    return sendEvents(reply, async function* (gone) {
      for await (const page of events.follow(filter, heartbeat, gone, goodFor)) yield await shown(page);
    });
  }

  /** Without the jobs of colleagues, where the instance hides them. */
  private async shown(actor: Actor, page: readonly EventRecord[]): Promise<EventAnswer[]> {
    const names = await this.instances.namesOf(page.map(({ instance }) => instance));
    const hides = (await this.sharing.onlyOf(actor)) !== undefined;
    const seen: EventRecord[] = [];
    for (const event of page) {
      if (!hides || event.job === null || (await this.jobs.isReadable(actor, event.job))) seen.push(event);
    }
    return seen.map((event) => fromEvent(event, names));
  }
}

const idOf = (header: string | undefined): number | null =>
  header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : null;

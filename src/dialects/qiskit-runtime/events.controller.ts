import { applyDecorators, Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentActor, CredentialValidity } from '../../auth/token.guard.js';
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

/** Milliseconds between heartbeats. Proxies close a stream that is silent for a minute. */
const heartbeat = 15_000;

const ApiEventStream = () =>
  applyDecorators(
    ApiHeader({
      name: 'last-event-id',
      required: false,
      description: 'The id of the last event that you received',
    }),
    ApiOkResponse({
      description: 'Events as they happen, with the same data as GET /sessions/{id}/events',
      // No type: some tools read the stream as text, others as events.
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

  @ApiOperation({ summary: 'List the events of a session and its jobs, oldest first' })
  @ApiRefusals(['invalid_value', 'unknown_session'])
  @ApiOkResponse({ type: EventsAnswer })
  @Get('sessions/:id/events')
  async list(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Query() { after, limit }: EventsQuery,
  ): Promise<EventsAnswer> {
    await this.sessions.get(actor, id);
    const page = await this.events.list({ session: id, after, limit });
    return {
      events: await this.visible(actor, page),
      next: page.length === limit ? (page.at(-1)?.id ?? null) : null,
    };
  }

  @ApiOperation({
    summary: 'Stream the events of a session, from the first one or after Last-Event-ID',
  })
  @ApiRefusals(['unknown_session'])
  @ApiEventStream()
  @Get('sessions/:id/events/stream')
  async follow(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @CredentialValidity() goodFor: () => Promise<Millis>,
    @Res() reply: FastifyReply,
    @Headers('last-event-id') last?: string,
  ): Promise<void> {
    await this.sessions.get(actor, id);
    const filter = { session: id, after: idOf(last) ?? 0 };
    await this.send(reply, actor, filter, goodFor);
  }

  @ApiOperation({
    summary: 'Stream the events of your instance (admins: of all), from now or after Last-Event-ID',
  })
  @ApiEventStream()
  @Get('events')
  async followAll(
    @CurrentActor() actor: Actor,
    @CredentialValidity() goodFor: () => Promise<Millis>,
    @Res() reply: FastifyReply,
    @Headers('last-event-id') last?: string,
  ): Promise<void> {
    const instance = actor.role === 'admin' ? undefined : actor.instance.id;
    const filter = { instance, after: idOf(last) ?? (await this.events.last()) };
    await this.send(reply, actor, filter, goodFor);
  }

  /** Streams events until the client disconnects or its token is no longer valid. */
  private send(
    reply: FastifyReply,
    actor: Actor,
    filter: Omit<EventFilter, 'limit'>,
    goodFor: () => Promise<Millis>,
  ): Promise<void> {
    const visible = (page: readonly EventRecord[]) => this.visible(actor, page);
    const { events } = this;
    return sendEvents(reply, async function* (disconnected) {
      for await (const page of events.follow(filter, heartbeat, disconnected, goodFor))
        yield await visible(page);
    });
  }

  /** Returns the events that the actor may see: a private instance hides the jobs of colleagues. */
  private async visible(actor: Actor, page: readonly EventRecord[]): Promise<EventAnswer[]> {
    const names = await this.instances.namesOf(page.map(({ instance }) => instance));
    const isPrivate = (await this.sharing.visibleUser(actor)) !== undefined;
    const events: EventRecord[] = [];
    for (const event of page) {
      if (!isPrivate || event.job === null || (await this.jobs.isReadable(actor, event.job)))
        events.push(event);
    }
    return events.map((event) => fromEvent(event, names));
  }
}

const idOf = (header: string | undefined): number | null =>
  header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : null;

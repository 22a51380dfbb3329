import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor } from '../../auth/token.guard.js';
import type { Actor } from '../../kernel/access/access.js';
import { seconds } from '../../kernel/time.js';
import { InstancesService } from '../../scheduler/instances.service.js';
import { KnownNames } from '../../scheduler/known-names.service.js';
import { CLOCK, type Clock } from '../../scheduler/ports.js';
import { SessionsService, type NewSession } from '../../scheduler/sessions.service.js';
import { ReceiptsService } from '../../scheduler/receipts.service.js';
import { submitKey, recordDelivery, type WithBodyDigest } from '../submit-key.js';
import { SessionAnswer, SessionsAnswer } from './answers.dto.js';
import { ApiRefusals, ApiTokenErrors } from './api-errors.js';
import { refuseNearMisses, sessionSynonyms, unknownMembers } from './ignored-members.js';
import { mounts } from './mounts.js';
import { ChangeSessionRequest, OpenSessionRequest, SessionsQuery } from './requests.dto.js';
import { fromSession } from './wire.js';

@ApiTags('sessions')
@ApiBearerAuth()
@ApiTokenErrors(
  'The Service-CRN is not that of the token, or the session is not yours to drain or close (2409)',
)
@Controller({ path: mounts('sessions') })
export class SessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly instances: InstancesService,
    private readonly receipts: ReceiptsService,
    private readonly names: KnownNames,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @ApiOperation({ summary: 'Open a session; without a body, a dedicated one on the default backend' })
  @ApiRefusals(
    [
      'invalid_value',
      'limit_exceeded',
      'unknown_backend',
      'mode_not_allowed',
      'budget_reached',
      'key_reused',
    ],
    { submits: true },
  )
  @ApiBody({ type: OpenSessionRequest, required: false })
  @ApiOkResponse({ type: SessionAnswer })
  @Post()
  @HttpCode(200)
  async open(
    @CurrentActor() actor: Actor,
    @Body() body: OpenSessionRequest,
    @Req() request: WithBodyDigest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionAnswer> {
    if (body.instance != null && body.instance !== actor.instance.crn) {
      throw await this.instances.refuseInstance(actor, 'body', body.instance);
    }
    const submit = submitKey(actor, request);
    const warnings = unknownMembers(request.body, OpenSessionRequest, sessionSynonyms);
    const session = await this.sessions.open(actor, { ...toParams(body), warnings }, submit);
    await recordDelivery(this.receipts, reply, submit, session.id);
    return fromSession(session, this.clock.now());
  }

  @ApiOperation({ summary: 'List the sessions of your instance, newest first' })
  @ApiOkResponse({ type: SessionsAnswer })
  @ApiRefusals(['invalid_value', 'unknown_backend'])
  @Get()
  async list(
    @CurrentActor() actor: Actor,
    @Query() query: SessionsQuery,
    @Req() request: FastifyRequest,
  ): Promise<SessionsAnswer> {
    refuseNearMisses(request.query, SessionsQuery);
    const { backend } = query;
    const instance = actor.instance.id;
    const page = await this.sessions.list({
      instance,
      limit: query.limit,
      after: query.next,
      states: query.state,
      mode: query.mode,
      backend,
    });
    if (page.length === 0) await this.names.check(actor, { backend, instance });
    const next = page.length === query.limit ? (page.at(-1)?.id ?? null) : null;
    return { sessions: page.map((session) => fromSession(session, this.clock.now())), next };
  }

  @ApiOperation({ summary: 'Get a session with its state, limits and usage' })
  @ApiOkResponse({ type: SessionAnswer })
  @ApiRefusals(['unknown_session'])
  @Get(':id')
  async get(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<SessionAnswer> {
    return fromSession(await this.sessions.get(actor, id), this.clock.now());
  }

  @ApiOperation({
    summary: 'Drain: accept no new jobs, finish the others, then close. `true` resumes the session',
  })
  @ApiRefusals(['invalid_value', 'unknown_session', 'session_closed'])
  @Patch(':id')
  @HttpCode(204)
  async change(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() body: ChangeSessionRequest,
  ): Promise<void> {
    await this.sessions.setAccepting(actor, id, body.accepting_jobs);
  }

  @ApiOperation({ summary: 'Close at once: queued jobs fail, a running one finishes' })
  @ApiRefusals(['unknown_session'])
  @Delete(':id/close')
  @HttpCode(204)
  async close(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<void> {
    await this.sessions.close(actor, id);
  }
}

/** null means absent. */
const millis = (value: number | null | undefined) => (value == null ? undefined : seconds(value));

const toParams = (body: OpenSessionRequest): NewSession => ({
  mode: body.mode,
  backend: body.backend ?? body.backend_name ?? undefined,
  maxTtl: millis(body.max_ttl),
  activeTtl: millis(body.active_ttl),
  interactiveTtl: millis(body.interactive_ttl),
});

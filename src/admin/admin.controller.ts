import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { UseInterceptors } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { BackendConfig } from '../config/config.schema.js';
import { AdminOnly, CurrentActor } from '../auth/token.guard.js';
import { TokensService } from '../auth/tokens.service.js';
import { actorName, type Actor } from '../kernel/access/access.js';
import type { Backend } from '../kernel/backend/backend.js';
import { ApiRefusals, ApiTokenErrors } from '../dialects/qiskit-runtime/api-errors.js';
import { SessionAnswer, SessionsAnswer } from '../dialects/qiskit-runtime/answers.dto.js';
import { fromSession } from '../dialects/qiskit-runtime/wire.js';
import { Refusal } from '../kernel/refusal.js';
import { seconds } from '../kernel/time.js';
import { BackendsService } from '../scheduler/backends.service.js';
import type { Instance } from '../scheduler/ports.js';
import { ClockService } from '../scheduler/clock.service.js';
import { DRIVERS, type Drivers } from '../scheduler/drivers.ports.js';
import { EstimatesService } from '../scheduler/estimates.service.js';
import { InstancesService } from '../scheduler/instances.service.js';
import { KnownNames } from '../scheduler/known-names.service.js';
import { LedgerService } from '../scheduler/ledger.service.js';
import { SessionsService } from '../scheduler/sessions.service.js';
import { AdminActs } from './admin-acts.interceptor.js';
import {
  BackendAnswer,
  BackendsAnswer,
  ClockAnswer,
  LedgerAnswer,
  NewTokenAnswer,
  TenantAnswer,
  TenantsAnswer,
  TokensAnswer,
} from './answers.dto.js';
import {
  AdminSessionsQuery,
  AdvanceBody,
  ChangeBackendBody,
  ChangeInstanceBody,
  CloseSessionBody,
  LedgerQuery,
  NewInstanceBody,
  NewTokenBody,
} from './requests.dto.js';
import {
  clockBody,
  fromBackend,
  fromInstance,
  fromLedger,
  fromToken,
  millisOr,
  toLimits,
  toNewBackend,
  toPlan,
} from './wire.js';

/** The operator API (semantics: operator API). Every call needs an admin token. */
@ApiTags('admin')
@ApiBearerAuth()
@ApiTokenErrors('Not an admin token (2409)')
@AdminOnly()
@UseInterceptors(AdminActs)
@Controller('api/v1/admin')
export class AdminController {
  constructor(
    private readonly backends: BackendsService,
    private readonly instances: InstancesService,
    private readonly tokens: TokensService,
    private readonly sessions: SessionsService,
    private readonly ledger: LedgerService,
    private readonly clock: ClockService,
    private readonly estimates: EstimatesService,
    private readonly names: KnownNames,
    @Inject(DRIVERS) private readonly drivers: Drivers,
  ) {}

  @ApiOperation({ summary: 'Add a backend' })
  @ApiRefusals(['invalid_value', 'backend_exists'])
  @ApiCreatedResponse({ type: BackendAnswer })
  @Post('backends')
  async addBackend(@CurrentActor() actor: Actor, @Body() body: BackendConfig) {
    return this.withSlots(
      actor,
      await this.backends.create(toNewBackend(body, this.drivers), actorName(actor)),
    );
  }

  @ApiOperation({ summary: 'List all backends with their slots and queues' })
  @ApiOkResponse({ type: BackendsAnswer })
  @Get('backends')
  async listBackends(@CurrentActor() actor: Actor) {
    return {
      backends: await Promise.all(
        (await this.backends.list()).map((backend) => this.withSlots(actor, backend)),
      ),
    };
  }

  @ApiOperation({ summary: 'Get one backend: which sessions hold its slots, and how many jobs wait' })
  @ApiRefusals(['unknown_backend'])
  @ApiOkResponse({ type: BackendAnswer })
  @Get('backends/:name')
  async getBackend(@CurrentActor() actor: Actor, @Param('name') name: string) {
    return this.withSlots(actor, await this.backends.get(name));
  }

  @ApiOperation({
    summary: 'Pause, resume or take offline a backend, or change its limits',
    description:
      'If the configuration file lists the backend, the next start restores the limits of the file.',
  })
  @ApiRefusals(['invalid_value', 'unknown_backend'])
  @ApiBody({ type: ChangeBackendBody, required: false })
  @ApiOkResponse({ type: BackendAnswer })
  @Patch('backends/:name')
  async changeBackend(
    @CurrentActor() actor: Actor,
    @Param('name') name: string,
    @Body() { status, reason, limits }: ChangeBackendBody,
  ) {
    await this.backends.change(
      name,
      (backend) => ({
        status: status ?? backend.status,
        // A reason explains one status, so a new status without a reason clears it.
        statusReason: reason ?? ((status ?? backend.status) === backend.status ? backend.statusReason : null),
        limits: toLimits(limits, backend.limits),
      }),
      actorName(actor),
    );
    return this.withSlots(actor, await this.backends.get(name));
  }

  @ApiOperation({
    summary: 'Remove a backend on which no job runs and for which no job waits',
    description:
      'Its jobs, sessions and charges are kept. If the configuration file lists the backend, the next start adds it again.',
  })
  @ApiRefusals(['unknown_backend', 'backend_in_use'])
  @Delete('backends/:name')
  @HttpCode(204)
  async removeBackend(@CurrentActor() actor: Actor, @Param('name') name: string): Promise<void> {
    await this.backends.remove(name, actorName(actor));
  }

  @ApiOperation({ summary: 'Add an instance' })
  @ApiRefusals(['invalid_value', 'instance_exists'])
  @ApiCreatedResponse({ type: TenantAnswer })
  @Post('instances')
  async addInstance(
    @CurrentActor() actor: Actor,
    @Body() { name, shares, budget_seconds, plan, sharing }: NewInstanceBody,
  ) {
    const budget = millisOr(budget_seconds, null);
    return fromInstance(
      await this.instances.create({ name, shares, budget, plan: toPlan(plan), sharing }, actorName(actor)),
    );
  }

  @ApiOperation({ summary: 'List all instances' })
  @ApiOkResponse({ type: TenantsAnswer })
  @Get('instances')
  async listInstances() {
    return { instances: (await this.instances.list()).map(fromInstance) };
  }

  @ApiOperation({
    summary:
      'Change the shares, budget or plan of an instance, given by name, CRN or id; takes effect at once',
    description: 'Open sessions keep the limits that they were granted.',
  })
  @ApiRefusals(['invalid_value', 'unknown_instance'])
  @ApiBody({ type: ChangeInstanceBody, required: false })
  @ApiOkResponse({ type: TenantAnswer })
  @Patch('instances/:instance')
  async changeInstance(
    @CurrentActor() actor: Actor,
    @Param('instance') nameOrCrn: string,
    @Body() { shares, budget_seconds, plan, sharing }: ChangeInstanceBody,
  ) {
    const { id } = await this.instance(nameOrCrn);
    const changed = await this.instances.change(
      id,
      {
        ...(shares != null && { shares }),
        ...(budget_seconds !== undefined && { budget: millisOr(budget_seconds, null) }),
        ...(plan != null && { plan: toPlan(plan) }),
        ...(sharing != null && { sharing }),
      },
      actorName(actor),
    );
    return fromInstance(changed);
  }

  @ApiOperation({ summary: 'Create a token; only this answer contains its secret' })
  @ApiRefusals(['invalid_value', 'unknown_instance'])
  @ApiCreatedResponse({ type: NewTokenAnswer })
  @Post('tokens')
  async addToken(@CurrentActor() actor: Actor, @Body() { user, instance, role, expires_at }: NewTokenBody) {
    const newToken = { user, instance, role, expiresAt: expires_at?.getTime() ?? null };
    const created = await this.tokens.create(newToken, undefined, actorName(actor));
    return { ...fromToken(created.token, created.instance), token: created.secret };
  }

  @ApiOperation({ summary: 'List all tokens, without their secrets' })
  @ApiOkResponse({ type: TokensAnswer })
  @Get('tokens')
  async listTokens() {
    const instances = await this.instances.list();
    const instanceOf = (id: string) => instances.find((instance) => instance.id === id);
    return {
      tokens: (await this.tokens.list()).map((token) => fromToken(token, instanceOf(token.instance))),
    };
  }

  @ApiOperation({ summary: 'Revoke a token; takes effect at once' })
  @ApiRefusals(['unknown_token'])
  @Delete('tokens/:id')
  @HttpCode(204)
  async revokeToken(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<void> {
    await this.tokens.revoke(id, actorName(actor));
  }

  @ApiOperation({ summary: 'List the sessions of all instances, newest first' })
  @ApiRefusals(['invalid_value', 'unknown_instance', 'unknown_backend'])
  @ApiOkResponse({ type: SessionsAnswer })
  @Get('sessions')
  async listSessions(
    @CurrentActor() actor: Actor,
    @Query() { limit, next, state, mode, backend, user, instance }: AdminSessionsQuery,
  ) {
    const id = await this.instanceId(instance);
    const page = await this.sessions.list({
      limit,
      after: next,
      states: state,
      mode,
      backend,
      user,
      instance: id,
    });
    if (page.length === 0) await this.names.check(actor, { backend, user, instance: id });
    const now = this.clock.now();
    return {
      sessions: page.map((session) => fromSession(session, now)),
      next: page.length === limit ? (page.at(-1)?.id ?? null) : null,
    };
  }

  @ApiOperation({ summary: 'Close a session, and optionally cancel its running jobs' })
  @ApiRefusals(['invalid_value', 'unknown_session'])
  @ApiOkResponse({ type: SessionAnswer })
  @Post('sessions/:id/close')
  @HttpCode(200)
  async closeSession(@CurrentActor() actor: Actor, @Param('id') id: string, @Body() body: CloseSessionBody) {
    const closed = await this.sessions.adminClose(actor, id, body.reason, body.running_jobs);
    return fromSession(closed, this.clock.now());
  }

  @ApiOperation({ summary: 'List charges in pages, with their sums' })
  @ApiOkResponse({ type: LedgerAnswer })
  @ApiRefusals(['invalid_value', 'unknown_instance', 'unknown_backend'])
  @Get('ledger')
  async getLedger(@CurrentActor() actor: Actor, @Query() query: LedgerQuery): Promise<LedgerAnswer> {
    const { backend, user, limit, after } = query;
    const time = { from: query.from?.getTime(), to: query.to?.getTime() };
    const filter = { ...time, backend, user, instance: await this.instanceId(query.instance) };
    const view = await this.ledger.view(filter, { limit, after }, query.sum_by);
    // Reject unknown names, so that a misspelt name does not look like a bill of zero.
    if (view.entries.length === 0) await this.names.check(actor, { backend, user });
    const names = new Map((await this.instances.list()).map(({ id, name }) => [id, name]));
    return fromLedger(view, { ...time, limit }, names);
  }

  @ApiOperation({ summary: "Get the service's current time" })
  @ApiOkResponse({ type: ClockAnswer })
  @Get('clock')
  getClock() {
    return clockBody(this.clock.now(), this.clock.mode);
  }

  @ApiOperation({ summary: 'Advance a virtual clock and apply all deadlines on the way' })
  @ApiRefusals(['invalid_value', 'wrong_clock'])
  @ApiOkResponse({ type: ClockAnswer })
  @Post('clock')
  @HttpCode(200)
  async advanceClock(@Body() { advance_seconds }: AdvanceBody) {
    return clockBody(await this.clock.advance(seconds(advance_seconds)), this.clock.mode);
  }

  private async withSlots(actor: Actor, backend: Backend) {
    const estimate = await this.estimates.ofBackend(backend, actor.instance.id);
    return fromBackend(backend, await this.backends.slots(backend), estimate);
  }

  private async instanceId(nameOrCrn: string | undefined): Promise<string | undefined> {
    return nameOrCrn === undefined ? undefined : (await this.instance(nameOrCrn)).id;
  }

  /** Finds an instance by name or CRN, or else by id. */
  private async instance(nameOrCrn: string): Promise<Instance> {
    const all = await this.instances.list();
    const match =
      all.find(({ name, crn }) => name === nameOrCrn || crn === nameOrCrn) ??
      all.find(({ id }) => id === nameOrCrn);
    if (match === undefined) throw new Refusal('unknown_instance', { instance: nameOrCrn });
    return match;
  }
}

import type { Readable } from 'node:stream';
import {
  Body,
  Controller,
  Delete,
  Get,
  Head,
  Header,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiExcludeEndpoint,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor } from '../../auth/token.guard.js';
import type { Actor } from '../../kernel/access/access.js';
import { isFinal } from '../../kernel/job/job.js';
import { seconds } from '../../kernel/time.js';
import { EstimatesService } from '../../scheduler/estimates.service.js';
import { JobsService, type NewJob } from '../../scheduler/jobs.service.js';
import { KnownNames } from '../../scheduler/known-names.service.js';
import { CLOCK, type Clock, type JobFilter } from '../../scheduler/ports.js';
import { ReceiptsService } from '../../scheduler/receipts.service.js';
import { replyBody } from '../send-parts.js';
import { submitKey, recordDelivery, type WithBodyDigest } from '../submit-key.js';
import { JobsAnswer, JobWithParamsAnswer, MetricsAnswer, SubmittedAnswer } from './answers.dto.js';
import { ApiRefusals, ApiTokenErrors } from './api-errors.js';
import { idleMembers, jobSynonyms, refuseNearMisses, unknownMembers } from './ignored-members.js';
import { mounts } from './mounts.js';
import { JobQuery, JobsQuery, SubmitJobRequest, TagsRequest } from './requests.dto.js';
import { endedStates, fromJob, metricsOf, pendingStates, toIso } from './wire.js';

/** Most jobs on one page (dialect, `GET /jobs`). */
const mostPerPage = 200;

@ApiTags('jobs')
@ApiBearerAuth()
@ApiTokenErrors(
  'The Service-CRN is not that of the token, or the job is not yours to cancel or remove (2409)',
)
@Controller({ path: mounts('jobs') })
export class JobsController {
  constructor(
    private readonly jobs: JobsService,
    private readonly receipts: ReceiptsService,
    private readonly estimates: EstimatesService,
    private readonly names: KnownNames,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @ApiOperation({ summary: 'Submit a job, alone or into a session' })
  @ApiBody({
    schema: {
      type: 'object',
      required: ['program_id', 'params'],
      properties: {
        program_id: { type: 'string', example: 'sampler' },
        backend: { type: 'string', example: 'stint_line_5' },
        params: { type: 'object', description: "The program's input, stored byte for byte" },
        session_id: { type: 'string' },
        log_level: { type: 'string', default: 'warning' },
        tags: { type: 'array', maxItems: 8, items: { type: 'string', maxLength: 86 } },
        cost: { type: 'integer', minimum: 1, description: 'Seconds the job may run' },
        private: { type: 'boolean', default: false },
      },
    },
  })
  @ApiRefusals(
    [
      'invalid_value',
      'limit_exceeded',
      'unknown_backend',
      'unknown_program',
      'unknown_session',
      'session_closed',
      'session_not_accepting',
      'session_elsewhere',
      'budget_reached',
      'too_many_pending',
      'key_reused',
    ],
    { submits: true },
  )
  @ApiOkResponse({ type: SubmittedAnswer })
  @Post()
  @HttpCode(200)
  async submit(
    @CurrentActor() actor: Actor,
    @Body() body: SubmitJobRequest,
    @Req() request: WithBodyDigest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SubmittedAnswer> {
    const submit = submitKey(actor, request);
    const warnings = [...unknownMembers(request.body, SubmitJobRequest, jobSynonyms), ...idleMembers(body)];
    const job = await this.jobs.submit(actor, { ...toParams(body), warnings }, submit);
    await recordDelivery(this.receipts, reply, submit, job.id);
    return {
      id: job.id,
      backend: job.backend,
      ...(job.session !== null && { session_id: job.session }),
      ...(body.private && { private: true }),
    };
  }

  @ApiOperation({ summary: 'List the jobs of your instance, newest first' })
  @ApiOkResponse({ type: JobsAnswer })
  @ApiRefusals(['invalid_value', 'unknown_backend', 'unknown_program', 'unknown_session'])
  @Get()
  async list(
    @CurrentActor() actor: Actor,
    @Query() query: JobsQuery,
    @Req() request: FastifyRequest,
  ): Promise<JobsAnswer> {
    refuseNearMisses(request.query, JobsQuery);
    const limit = Math.min(query.limit, mostPerPage);
    const filter = toFilter(query, limit);
    const { items, total } = await this.jobs.list(actor, filter);
    if (total === 0) await this.names.check(actor, { ...filter, instance: actor.instance.id });
    // The client requests pages until it has `count - offset` jobs (dialect, `GET /jobs`). Keep it from looping past
    // the end.
    const count = items.length === 0 && query.offset > total ? query.offset : total;
    const at = this.clock.now();
    return { jobs: items.map((job) => fromJob(job, at)), count, limit, offset: query.offset };
  }

  @ApiOperation({ summary: 'Get a job, with its params unless exclude_params=true' })
  @ApiOkResponse({ type: JobWithParamsAnswer })
  @ApiRefusals(['invalid_value', 'unknown_job'])
  @Get(':id')
  @Header('content-type', 'application/json; charset=utf-8')
  async get(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Query() { exclude_params: exclude }: JobQuery,
  ): Promise<string | Readable> {
    const job = await this.jobs.get(actor, id);
    const place = job.state === 'queued' ? await this.jobs.place(job) : null;
    const estimate = place === null ? null : await this.estimates.ofJob(job, place);
    const runningTime = await this.estimates.runningTime(job);
    const head = JSON.stringify(fromJob(job, this.clock.now(), place, estimate, runningTime));
    if (exclude === true) return head;
    const params = job.details.private ? '{}' : await this.jobs.params(id);
    // Insert the params as text: parsing would lose large numbers and NaN (dialect, values).
    return replyBody(reply, [`${head.slice(0, -1)},"params":`, params, '}']);
  }

  /** Without this route, HEAD would run the GET handler and use up a private result, which can be read once. */
  @ApiExcludeEndpoint()
  @Head(':id/results')
  async hasResults(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<void> {
    await this.jobs.get(actor, id);
  }

  @ApiOperation({ summary: 'Get the result as the program wrote it, or the traceback of a failed job' })
  @ApiOkResponse({
    description: 'JSON text of a completed job; empty if a private result was already read',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  @ApiNoContentResponse({ description: 'The job has not ended' })
  @ApiRefusals(['unknown_job', 'forbidden'])
  @Get(':id/results')
  async results(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const job = await this.jobs.get(actor, id);
    const result = await this.jobs.result(actor, id);
    // Answer 2xx for failed and unfinished jobs too: the client reads the error text here and catches no exception.
    // Send JSON as text, as IBM's service does: a client generated from its description accepts nothing else.
    await reply
      .status(result === null && !isFinal(job.state) ? 204 : 200)
      .type('text/plain; charset=utf-8')
      .send(result === null ? '' : replyBody(reply, [result]));
  }

  @ApiOperation({ summary: 'Cancel a queued or running job' })
  @ApiRefusals(['unknown_job', 'job_final'])
  @Post(':id/cancel')
  @HttpCode(204)
  async cancel(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<void> {
    await this.jobs.cancel(actor, id);
  }

  @ApiOperation({ summary: 'Delete a job that has ended' })
  @ApiRefusals(['unknown_job', 'job_not_final'])
  @Delete(':id')
  @HttpCode(204)
  async remove(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<void> {
    await this.jobs.remove(actor, id);
  }

  @ApiOperation({ summary: 'Get the log of the program, line by line' })
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  @ApiRefusals(['unknown_job'])
  @Get(':id/logs')
  @Header('content-type', 'text/plain; charset=utf-8')
  async logs(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<string> {
    const lines = await this.jobs.logs(actor, id);
    return lines.map(({ at, level, text }) => `${toIso(at)} ${level.toUpperCase()} ${text}\n`).join('');
  }

  @ApiOperation({ summary: 'Get the times, usage, and estimated start of a job' })
  @ApiOkResponse({ type: MetricsAnswer })
  @ApiRefusals(['unknown_job'])
  @Get(':id/metrics')
  async metrics(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<MetricsAnswer> {
    const job = await this.jobs.get(actor, id);
    const place = await this.jobs.place(job);
    return metricsOf(job, this.clock.now(), place, await this.estimates.ofJob(job, place));
  }

  @ApiOperation({ summary: 'Replace the tags of a job' })
  @ApiRefusals(['invalid_value', 'unknown_job'])
  @Put(':id/tags')
  @HttpCode(204)
  async tags(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() body: TagsRequest,
  ): Promise<void> {
    await this.jobs.setTags(actor, id, body.tags);
  }
}

const toParams = (body: SubmitJobRequest): NewJob => ({
  program: body.program_id,
  backend: body.backend,
  // null means absent.
  session: body.session_id ?? undefined,
  maxExecutionTime: body.cost == null ? undefined : seconds(body.cost),
  params: body.params.text,
  details: {
    tags: [...new Set(body.tags)],
    logLevel: body.log_level,
    private: body.private,
    calibrationId: body.calibration_id ?? null,
    runtime: body.runtime ?? null,
    cost: body.cost ?? null,
  },
});

const toFilter = (query: JobsQuery, limit: number): JobFilter => ({
  limit,
  offset: query.offset,
  backend: query.backend,
  program: query.program,
  session: query.session_id,
  tags: query.tags,
  states: query.pending === undefined ? undefined : query.pending ? pendingStates : endedStates,
  createdFrom: query.created_after?.getTime(),
  createdTo: query.created_before?.getTime(),
  oldestFirst: query.sort?.toUpperCase() === 'ASC',
});

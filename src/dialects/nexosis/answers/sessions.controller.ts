import { Controller, Delete, Get, Head, HttpCode, Param, Post, UseFilters } from '@nestjs/common';
import { ApiBody, ApiExcludeEndpoint, ApiOperation, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ReceiptsService } from '../../../scheduler/receipts.service.js';
import type { LearnSessionFilter } from '../storage/ports.js';
import { submitKey, recordDelivery } from '../../submit-key.js';
import { Incoming, mount, type NexosisRequest } from '../wire/request.js';
import { CallbackCheck } from '../outgoing/callbacks.js';
import { NexosisErrorsFilter } from '../wire/errors.filter.js';
import { someParametersRequired } from '../wire/errors.js';
import { readGuid, type Fields } from '../wire/fields.js';
import { listOf } from '../wire/paging.js';
import { readModel, readTimeSeries, sourceNameOf, type LearnSessionRequest } from './session.request.js';
import { fromSession, statusHeader, statusOf } from '../wire/session.wire.js';
import { refuseMisspelt } from '../wire/misspelt.js';
import { LearnSessionsService } from './sessions.service.js';
import type { Source } from '../data/sources.js';

const startExample = {
  dataSourceName: 'shop-sales',
  targetColumn: 'sales',
  startDate: '2017-01-01',
  endDate: '2017-01-31',
  resultInterval: 'day',
  callbackUrl: 'https://example.org/hook',
};

const modelExample = {
  dataSourceName: 'iris',
  targetColumn: 'species',
  predictionDomain: 'classification',
  extraParameters: { balance: true },
};

@ApiTags('nexosis: sessions')
@ApiSecurity('api-key')
@UseFilters(NexosisErrorsFilter)
@Controller(`${mount}/sessions`)
export class LearnSessionsController {
  constructor(
    private readonly sessions: LearnSessionsService,
    private readonly callbacks: CallbackCheck,
    private readonly receipts: ReceiptsService,
  ) {}

  @ApiOperation({ summary: 'Forecast a column of a time series; parameters in the query or the body' })
  @ApiBody({ schema: { example: startExample }, required: false })
  @Post('forecast')
  @HttpCode(200)
  forecast(@Incoming() request: NexosisRequest) {
    return this.start(request, (fields, source) => readTimeSeries('forecast', fields, source));
  }

  @ApiOperation({
    summary: 'Measure the effect of an event on a column of a time series, and its significance',
  })
  @ApiBody({ schema: { example: { ...startExample, eventName: 'campaign' } }, required: false })
  @Post('impact')
  @HttpCode(200)
  impact(@Incoming() request: NexosisRequest) {
    return this.start(request, (fields, source) => readTimeSeries('impact', fields, source));
  }

  @ApiOperation({ summary: 'Build a model: regression, classification or anomalies' })
  @ApiBody({ schema: { example: modelExample }, required: false })
  @Post('model')
  @HttpCode(200)
  model(@Incoming() request: NexosisRequest) {
    return this.start(request, (fields, source) => Promise.resolve(readModel(fields, source)));
  }

  @ApiOperation({ summary: 'The sessions of your instance, newest first' })
  @ApiQuery({ name: 'dataSourceName', required: false })
  @ApiQuery({ name: 'eventName', required: false, description: 'A part of the name' })
  @ApiQuery({ name: 'requestedAfterDate', required: false })
  @ApiQuery({ name: 'requestedBeforeDate', required: false })
  @ApiQuery({ name: 'type', required: false, enum: ['forecast', 'impact', 'model'] })
  @ApiQuery({ name: 'page', required: false })
  @ApiQuery({ name: 'pageSize', required: false })
  @Get()
  async list(@Incoming() request: NexosisRequest) {
    const paging = request.query.paging();
    const { items, total } = await this.sessions.list(request.actor, {
      ...filterOf(request),
      ...request.query.sorting(sortKeys, { by: 'requestedDate', descending: true }),
      limit: paging.size,
      offset: paging.page * paging.size,
    });
    const sessions = items.map((session) => fromSession(session, request.base));
    // The guide names the list `results`, but every client reads `items`.
    return { ...listOf(request, paging, sessions, total), results: sessions };
  }

  @ApiOperation({ summary: 'Delete the sessions that match a filter' })
  @Delete()
  @HttpCode(204)
  async removeSome(@Incoming() request: NexosisRequest): Promise<void> {
    refuseMisspelt(request.query, filters);
    const filter = filterOf(request);
    if (Object.values(filter).filter((value) => value !== undefined).length < 2)
      throw someParametersRequired();
    const { actor } = request;
    for (const { id } of await this.sessions.removable(actor, filter)) await this.sessions.remove(actor, id);
  }

  /** Answers with the status header only. */
  @ApiExcludeEndpoint()
  @Head(':id')
  async head(@Incoming() request: NexosisRequest, @Param('id') id: string): Promise<void> {
    await this.find(request, id);
  }

  @ApiOperation({
    summary: 'One session with its status and its history; HEAD returns only the status header',
  })
  @Get(':id')
  async get(@Incoming() request: NexosisRequest, @Param('id') id: string) {
    const session = await this.find(request, id);
    return fromSession(session, request.base, await this.sessions.place(session));
  }

  @ApiOperation({ summary: 'Delete a session and its results; a running session is stopped' })
  @Delete(':id')
  @HttpCode(204)
  remove(@Incoming() request: NexosisRequest, @Param('id') id: string): Promise<void> {
    return this.sessions.remove(request.actor, readGuid('id', id));
  }

  private async find(request: NexosisRequest, id: string) {
    const session = await this.sessions.get(request.actor, readGuid('id', id));
    void request.reply.header('Nexosis-Session-Status', statusHeader(statusOf(session)));
    return session;
  }

  private async start(
    request: NexosisRequest,
    read: (fields: Fields, source: Source | null) => Promise<LearnSessionRequest>,
  ) {
    const { actor, fields, base, fastify, reply } = request;
    const source = await this.sessions.source(actor, sourceNameOf(fields));
    const sessionRequest = await read(fields, source);
    const callbackUrl = (await this.callbacks.check(fields.text('callbackUrl'))) ?? null;
    const submit = submitKey(actor, fastify, fastify.url);
    // `read` throws if there is no source.
    const existing = source as Source;
    const session = await this.sessions.start(actor, sessionRequest, existing, { callbackUrl, base, submit });
    if (session.token !== null) void reply.header('Nexosis-Webhook-Token', session.token);
    await recordDelivery(this.receipts, reply, submit, session.id);
    return fromSession(session, base, await this.sessions.place(session));
  }
}

const sortKeys = ['id', 'name', 'type', 'status', 'dataSourceName', 'requestedDate'] as const;

const filters = [
  ...['dataSourceName', 'dataSetName', 'eventName', 'type', 'sessionType', 'modelId'],
  ...[
    'requestedAfterDate',
    'requestedAfter',
    'startDate',
    'requestedBeforeDate',
    'requestedBefore',
    'endDate',
  ],
];

/** Reads the filters of lists and deletes. */
function filterOf({
  actor,
  query,
}: NexosisRequest): Omit<LearnSessionFilter, 'sortBy' | 'descending' | 'limit' | 'offset'> {
  const type = query.has('type')
    ? query.choice('type', ['forecast', 'impact', 'model'] as const)
    : query.choice('sessionType', ['forecast', 'impact', 'model'] as const);
  const modelId = query.text('modelId');
  return {
    instance: actor.instance.id,
    source: query.text('dataSourceName', 'dataSetName'),
    eventName: query.text('eventName'),
    type,
    from: query.moment('requestedAfterDate', 'requestedAfter', 'startDate'),
    to: query.until('requestedBeforeDate', 'requestedBefore', 'endDate'),
    modelId: modelId === undefined ? undefined : readGuid('modelId', modelId),
  };
}

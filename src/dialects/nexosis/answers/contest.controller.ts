import { Controller, Get, Inject, Param, Res, UseFilters } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Contestant, LearnSessionView, Outcome } from '../storage/ports.js';
import { STORE, type Store } from '../../../scheduler/ports.js';
import { sendCsv } from '../data/page-writer.js';
import { Incoming, mount, type NexosisRequest } from '../wire/request.js';
import { NexosisErrorsFilter } from '../wire/errors.filter.js';
import { notFound } from '../wire/errors.js';
import { isObject, readGuid } from '../wire/fields.js';
import { missingPart } from '../wire/missing.js';
import { pageLinks, pagesOf, type Link } from '../wire/paging.js';
import { atInterval, outcomeOf, pageOf, withoutUnknown } from './results.controller.js';
import { sessionFields, sessionLinks } from '../wire/session.wire.js';
import { LearnSessionsService } from './sessions.service.js';

/** By which metric the champion was chosen (nexosis dialect, algorithms). */
function championMetric({ domain }: LearnSessionView): string {
  if (domain === 'classification') return 'macroAverageF1Score';
  if (domain === 'regression') return 'rootMeanSquareError';
  return domain === 'anomalies' ? 'percentAnomalies' : 'meanAbsoluteError';
}

@ApiTags('nexosis: contest')
@ApiSecurity('api-key')
@UseFilters(NexosisErrorsFilter)
@Controller(`${mount}/sessions/:id/contest`)
export class ContestController {
  constructor(
    private readonly sessions: LearnSessionsService,
    @Inject(STORE) private readonly store: Store,
  ) {}

  @ApiOperation({ summary: 'Who competed, and who won by which metric' })
  @Get()
  async contest(@Incoming() request: NexosisRequest, @Param('id') id: string) {
    const { session, done } = await this.find(request, id);
    const contestants = done.contestants.map((each, i) => fromContestant(request, session, each, i));
    return {
      ...sessionFields(session),
      championMetric: championMetric(session),
      champion: contestants[0] ?? null,
      contestants,
      links: contestLinks(request, session),
    };
  }

  @ApiOperation({ summary: 'The champion with its test rows' })
  @ApiQuery({ name: 'predictionInterval', required: false })
  @Get('champion')
  async champion(
    @Incoming() request: NexosisRequest,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { session, done } = await this.find(request, id);
    return this.one(request, session, done, 0, reply);
  }

  @ApiOperation({ summary: 'All contestants, best first' })
  @Get('contestants')
  async contestants(@Incoming() request: NexosisRequest, @Param('id') id: string) {
    const { session, done } = await this.find(request, id);
    return {
      items: done.contestants.map((each, i) => fromContestant(request, session, each, i)),
      links: [{ rel: 'self', href: `${request.base}/${request.path}` }],
    };
  }

  @ApiOperation({ summary: 'One contestant with its test rows' })
  @Get('contestants/:contestant')
  async contestant(
    @Incoming() request: NexosisRequest,
    @Param('id') id: string,
    @Param('contestant') contestant: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { session, done } = await this.find(request, id);
    const wanted = readGuid('contestantId', contestant);
    const place = done.contestants.findIndex((_, i) => contestantId(session, i) === wanted);
    if (place === -1) throw notFound('contestant', wanted);
    return this.one(request, session, done, place, reply);
  }

  @ApiOperation({ summary: 'What was known of the data when the contestants were chosen' })
  @Get('selection')
  async selection(@Incoming() request: NexosisRequest, @Param('id') id: string) {
    const { session, done } = await this.find(request, id);
    return {
      ...sessionFields(session),
      metricSets: metricSets(done.selection),
      links: contestLinks(request, session),
    };
  }

  /** A contest is there once the session is completed. */
  private async find(
    request: NexosisRequest,
    id: string,
  ): Promise<{ session: LearnSessionView; done: Outcome }> {
    const session = await this.sessions.get(request.actor, readGuid('id', id));
    const done = outcomeOf(session);
    if (done === null) throw missingPart(session, 'contest');
    return { session, done };
  }

  private async one(
    request: NexosisRequest,
    session: LearnSessionView,
    done: Outcome,
    place: number,
    reply: FastifyReply,
  ) {
    const contestant = done.contestants[place];
    if (contestant === undefined) throw notFound('contestant', session.id);
    // The champion's own rows are those of the session where the engine kept no others.
    const interval = request.query.text('predictionInterval');
    const table = contestant.table ?? (place === 0 ? 'results' : null);
    const name = table === null ? null : atInterval(done, table, interval);
    const { paging, total, rows } = await pageOf(this.store, request, session, name);
    if (request.wantsCsv) return sendCsv(reply, rows);
    const pages = pagesOf(paging, total);
    return {
      ...fromContestant(request, session, contestant, place),
      data: rows.objects().map(withoutUnknown),
      ...pages,
      links: pageLinks(request, pages),
    };
  }
}

/** The session's id with the contestant's place at its end: the same at every reading. */
const contestantId = ({ id }: LearnSessionView, place: number): string =>
  `${id.slice(0, 24)}${String(place).padStart(12, '0')}`;

function fromContestant(request: NexosisRequest, session: LearnSessionView, each: Contestant, place: number) {
  const id = contestantId(session, place);
  return {
    id,
    algorithm: each.algorithm,
    dataSourceProperties: each.dataSourceProperties,
    metrics: each.metrics,
    links: [{ rel: 'self', href: `${request.base}/sessions/${session.id}/contest/contestants/${id}` }],
  };
}

function contestLinks(request: NexosisRequest, session: LearnSessionView): Link[] {
  const at = `${request.base}/sessions/${session.id}`;
  return [
    { rel: 'self', href: `${request.base}/${request.path}` },
    { rel: 'session', href: at },
    { rel: 'champion', href: `${at}/contest/champion` },
    { rel: 'contestants', href: `${at}/contest/contestants` },
    { rel: 'selection', href: `${at}/contest/selection` },
    ...sessionLinks(session, request.base).slice(1),
  ];
}

/** A list of `{dataSetProperties, metrics}`, alone or as a member of that name. */
function metricSets(selection: unknown): unknown[] {
  if (Array.isArray(selection)) return selection;
  const within = isObject(selection) ? selection['metricSets'] : undefined;
  return Array.isArray(within) ? within : [];
}

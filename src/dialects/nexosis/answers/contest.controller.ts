import { Controller, Get, Inject, Param, Res, UseFilters } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Contestant, LearnSessionView, SessionOutcome } from '../storage/ports.js';
import { STORE, type Store } from '../../../scheduler/ports.js';
import { sendCsv } from '../data/page-writer.js';
import { Incoming, mount, type NexosisRequest } from '../wire/request.js';
import { NexosisErrorsFilter } from '../wire/errors.filter.js';
import { notFound } from '../wire/errors.js';
import { isObject, readGuid } from '../wire/fields.js';
import { missingPart } from '../wire/missing.js';
import { pageLinks, pagesOf, type Link } from '../wire/paging.js';
import { atInterval, outcomeOf, pageOf, withoutMissingActuals } from './results.controller.js';
import { sessionFields, sessionLinks } from '../wire/session.wire.js';
import { LearnSessionsService } from './sessions.service.js';

/** Returns the metric by which the champion was chosen (nexosis dialect, algorithms). */
function championMetricOf({ domain }: LearnSessionView): string {
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

  @ApiOperation({ summary: 'The algorithms that competed, the champion, and the metric that decided' })
  @Get()
  async contest(@Incoming() request: NexosisRequest, @Param('id') id: string) {
    const { session, outcome } = await this.find(request, id);
    const contestants = outcome.contestants.map((each, i) => fromContestant(request, session, each, i));
    return {
      ...sessionFields(session),
      championMetric: championMetricOf(session),
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
    const { session, outcome } = await this.find(request, id);
    return this.one(request, session, outcome, 0, reply);
  }

  @ApiOperation({ summary: 'All contestants, best first' })
  @Get('contestants')
  async contestants(@Incoming() request: NexosisRequest, @Param('id') id: string) {
    const { session, outcome } = await this.find(request, id);
    return {
      items: outcome.contestants.map((each, i) => fromContestant(request, session, each, i)),
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
    const { session, outcome } = await this.find(request, id);
    const wantedId = readGuid('contestantId', contestant);
    const index = outcome.contestants.findIndex((_, i) => contestantId(session, i) === wantedId);
    if (index === -1) throw notFound('contestant', wantedId);
    return this.one(request, session, outcome, index, reply);
  }

  @ApiOperation({ summary: 'The properties of the data by which the contestants were chosen' })
  @Get('selection')
  async selection(@Incoming() request: NexosisRequest, @Param('id') id: string) {
    const { session, outcome } = await this.find(request, id);
    return {
      ...sessionFields(session),
      metricSets: metricSets(outcome.selection),
      links: contestLinks(request, session),
    };
  }

  /**
   * Returns the session with its outcome. Throws if it is not completed, because only a completed one has a contest.
   */
  private async find(
    request: NexosisRequest,
    id: string,
  ): Promise<{ session: LearnSessionView; outcome: SessionOutcome }> {
    const session = await this.sessions.get(request.actor, readGuid('id', id));
    const outcome = outcomeOf(session);
    if (outcome === null) throw missingPart(session, 'contest');
    return { session, outcome };
  }

  private async one(
    request: NexosisRequest,
    session: LearnSessionView,
    outcome: SessionOutcome,
    index: number,
    reply: FastifyReply,
  ) {
    const contestant = outcome.contestants[index];
    if (contestant === undefined) throw notFound('contestant', session.id);
    // If the learner stored no test rows for the champion, the rows of the session are its own.
    const interval = request.query.text('predictionInterval');
    const table = contestant.table ?? (index === 0 ? 'results' : null);
    const name = table === null ? null : atInterval(outcome, table, interval);
    const { paging, total, rows } = await pageOf(this.store, request, session, name);
    if (request.wantsCsv) return sendCsv(reply, rows);
    const pages = pagesOf(paging, total);
    return {
      ...fromContestant(request, session, contestant, index),
      data: rows.objects().map(withoutMissingActuals),
      ...pages,
      links: pageLinks(request, pages),
    };
  }
}

/** Derives a stable id: the session's id, ending in the contestant's index. */
const contestantId = ({ id }: LearnSessionView, index: number): string =>
  `${id.slice(0, 24)}${String(index).padStart(12, '0')}`;

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

/** Returns a list of `{dataSetProperties, metrics}`, which the learner sends directly or as the member `metricSets`. */
function metricSets(selection: unknown): unknown[] {
  if (Array.isArray(selection)) return selection;
  const sets = isObject(selection) ? selection['metricSets'] : undefined;
  return Array.isArray(sets) ? sets : [];
}

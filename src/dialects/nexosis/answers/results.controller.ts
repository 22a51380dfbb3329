import { Controller, Get, Inject, Param, Res, UseFilters } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { QueuePlace } from '../../../kernel/choice/waiting.js';
import type { LearnSessionView, SessionOutcome } from '../storage/ports.js';
import { STORE, type Store } from '../../../scheduler/ports.js';
import { sendCsv } from '../data/page-writer.js';
import { Incoming, mount, type NexosisRequest } from '../wire/request.js';
import { table, type ResponseRows } from '../wire/data.wire.js';
import { NexosisErrorsFilter } from '../wire/errors.filter.js';
import { invalidField, nothingAtPath } from '../wire/errors.js';
import { readGuid, type Paging } from '../wire/fields.js';
import { detailNames, missingPart } from '../wire/missing.js';
import { rowsPerChunk } from './outcome.js';
import { pageLinks, pagesOf } from '../wire/paging.js';
import {
  detailTables,
  statusHeader,
  sessionFields,
  sessionLinks,
  statusOf,
  supportsImportance,
} from '../wire/session.wire.js';
import { LearnSessionsService } from './sessions.service.js';
import { nexosisReads } from '../storage/reads.js';

@ApiTags('nexosis: results')
@ApiSecurity('api-key')
@ApiQuery({ name: 'page', required: false })
@ApiQuery({ name: 'pageSize', required: false })
@UseFilters(NexosisErrorsFilter)
@Controller(`${mount}/sessions/:id/results`)
export class ResultsController {
  constructor(
    private readonly sessions: LearnSessionsService,
    @Inject(STORE) private readonly store: Store,
  ) {}

  @ApiOperation({ summary: 'Metrics and predicted rows, as JSON or CSV' })
  @ApiQuery({ name: 'predictionInterval', required: false, description: 'A quantile; 0.5 by default' })
  @Get()
  async results(
    @Incoming() request: NexosisRequest,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const session = await this.find(request, id);
    const outcome = outcomeOf(session);
    const name =
      outcome === null ? null : atInterval(outcome, 'results', request.query.text('predictionInterval'));
    const { paging, total, rows } = await pageOf(this.store, request, session, name);
    if (request.wantsCsv) return sendCsv(reply, rows);
    const data = rows.objects().map(withoutMissingActuals);
    const place = outcome === null ? await this.sessions.place(session) : null;
    return paged(request, session, paging, total, { metrics: outcome?.metrics ?? {}, data }, place);
  }

  @ApiOperation({ summary: 'How often rows of each class were predicted as each class (classification)' })
  @Get('confusionmatrix')
  async confusion(@Incoming() request: NexosisRequest, @Param('id') id: string) {
    const session = await this.find(request, id);
    const confusion = outcomeOf(session)?.confusion ?? null;
    if (confusion === null) throw missingPart(session, 'confusionmatrix');
    return {
      ...sessionFields(session),
      ...{ classes: confusion.classes, confusionMatrix: confusion.matrix },
      ...{ pageNumber: 0, totalPages: 0, pageSize: 0, totalCount: 0 },
      links: [...selfLink(request), ...sessionLinks(session, request.base).slice(1)],
    };
  }

  @ApiOperation({ summary: 'How much each feature matters; the most important one has 1' })
  @Get('featureimportance')
  async importance(@Incoming() request: NexosisRequest, @Param('id') id: string) {
    const session = await this.find(request, id);
    const outcome = outcomeOf(session);
    if (outcome === null || !supportsImportance(session)) throw missingPart(session, 'featureimportance');
    // Clients request it whenever it is supported, even if no feature had values in the prediction range.
    const importance = outcome.importance ?? {};
    const paging = request.query.paging();
    const all = Object.entries(importance);
    const shown = all.slice(paging.page * paging.size, (paging.page + 1) * paging.size);
    return paged(request, session, paging, all.length, { featureImportance: Object.fromEntries(shown) });
  }

  @ApiOperation({ summary: 'classscores, anomalyscores, mahalanobisdistances or outliers, row by row' })
  @Get(':detail')
  async detail(
    @Incoming() request: NexosisRequest,
    @Param('id') id: string,
    @Param('detail') detail: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const session = await this.find(request, id);
    const outcome = outcomeOf(session);
    const name = detailTables.map(([table]) => table).find((table) => table === detail);
    if (name === undefined)
      throw nothingAtPath(
        `Results have no ${detail}, but ${detailNames.join(', ')}, depending on the session.`,
      );
    if (outcome === null || !(name in outcome.tables)) throw missingPart(session, name);
    const { paging, total, rows } = await pageOf(this.store, request, session, name);
    if (request.wantsCsv) return sendCsv(reply, rows);
    const classes = name === 'classscores' ? { classes: outcome.classes } : {};
    const metrics = name === 'outliers' ? {} : { metrics: outcome.metrics };
    return paged(request, session, paging, total, { ...classes, ...metrics, data: rows.objects() });
  }

  private async find(request: NexosisRequest, id: string): Promise<LearnSessionView> {
    const session = await this.sessions.get(request.actor, readGuid('id', id));
    void request.reply.header('Nexosis-Session-Status', statusHeader(statusOf(session)));
    return session;
  }
}

/** Returns the outcome of a completed session, and null for any other. */
export const outcomeOf = (session: LearnSessionView): SessionOutcome | null =>
  statusOf(session) === 'completed' ? session.outcome : null;

/** Reads a page of a session's table. `name` null means that there is no table yet. */
export async function pageOf(
  store: Store,
  request: NexosisRequest,
  session: LearnSessionView,
  name: string | null,
): Promise<{ paging: Paging; total: number; rows: ResponseRows }> {
  const paging = request.query.paging();
  const info = name === null ? undefined : session.outcome?.tables[name];
  if (name === null || info === undefined) return { paging, total: 0, rows: table([], []) };
  const from = paging.page * paging.size;
  const first = Math.floor(from / rowsPerChunk);
  const chunks = await nexosisReads(store.read).table(
    session.id,
    name,
    first,
    Math.floor((from + paging.size - 1) / rowsPerChunk),
  );
  const start = from - first * rowsPerChunk;
  return { paging, total: info.count, rows: table(info.columns, chunks.slice(start, start + paging.size)) };
}

/** Returns the name of the table with the rows of a prediction interval, which is the middle one by default. */
export function atInterval(
  { tables, intervals }: SessionOutcome,
  name: string,
  text: string | undefined,
): string {
  const middle = `${name}-0.5` in tables ? `${name}-0.5` : name;
  if (text === undefined) return middle;
  const level = Number(text);
  // Every session has the middle one, even if its outcome names no intervals.
  const available = intervals.length > 0 ? intervals : ['0.5'];
  const interval = available.find((each) => Number(each) === level);
  if (text.trim() === '' || interval === undefined)
    throw invalidField(
      'predictionInterval',
      `The value '${text}' is not valid: available are ${available.join(', ')}.`,
    );
  return `${name}-${interval}` in tables ? `${name}-${interval}` : middle;
}

/** Returns a page with the session's members beside the route's own, as all clients expect it. */
export function paged<T extends object>(
  request: NexosisRequest,
  session: LearnSessionView,
  paging: Paging,
  total: number,
  more: T,
  place: QueuePlace | null = null,
) {
  const pages = pagesOf(paging, total);
  return {
    ...more,
    ...pages,
    ...sessionFields(session, place),
    links: [...pageLinks(request, pages), ...sessionLinks(session, request.base).slice(1)],
  };
}

/** Removes empty `…:actual` values. A row has an actual value only if the data has one. */
export const withoutMissingActuals = (row: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(row).filter(([name, value]) => value !== '' || !name.endsWith(':actual')),
  );

const selfLink = (request: NexosisRequest) => [{ rel: 'self', href: `${request.base}/${request.path}` }];

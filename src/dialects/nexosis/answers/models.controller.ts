import { Controller, Delete, Get, HttpCode, Param, Post, Res, UseFilters } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Model } from '../storage/ports.js';
import { sendCsv } from '../data/page-writer.js';
import { Incoming, mount, type NexosisRequest } from '../wire/request.js';
import { writeColumns } from '../wire/columns.js';
import { csvReader } from '../data/csv.js';
import { table } from '../wire/data.wire.js';
import { writeMoment } from '../wire/dates.js';
import { NexosisErrorsFilter } from '../wire/errors.filter.js';
import { invalidField, noData, someParametersRequired } from '../wire/errors.js';
import { Fields, isObject, readGuid } from '../wire/fields.js';
import { kindOf } from '../wire/json-bodies.js';
import { refuseMisspelt } from '../wire/misspelt.js';
import { ModelsService } from './models.service.js';
import { listOf } from '../wire/paging.js';
import { withSentValues, predictRows } from './predict-rows.js';

const sortKeys = ['id', 'modelName', 'dataSourceName', 'type', 'createdDate', 'lastUsedDate'] as const;
const predictExample = {
  data: [{ petal_length: 1.4, petal_width: 0.2 }],
  extraParameters: { includeClassScores: true },
};

@ApiTags('nexosis: models')
@ApiSecurity('api-key')
@UseFilters(NexosisErrorsFilter)
@Controller(`${mount}/models`)
export class ModelsController {
  constructor(private readonly models: ModelsService) {}

  @ApiOperation({ summary: 'The models of your instance' })
  @ApiQuery({ name: 'dataSourceName', required: false })
  @ApiQuery({ name: 'createdAfterDate', required: false })
  @ApiQuery({ name: 'createdBeforeDate', required: false })
  @Get()
  async list(@Incoming() request: NexosisRequest) {
    const paging = request.query.paging();
    const { items, total } = await this.models.list({
      instance: request.actor.instance.id,
      ...filterOf(request),
      ...request.query.sorting(sortKeys, { by: 'id', descending: false }),
      limit: paging.size,
      offset: paging.page * paging.size,
    });
    return listOf(
      request,
      paging,
      items.map((model) => fromModel(model, request.base)),
      total,
    );
  }

  @ApiOperation({ summary: 'Delete the models that match a filter' })
  @Delete()
  @HttpCode(204)
  async removeSome(@Incoming() request: NexosisRequest): Promise<void> {
    refuseMisspelt(request.query, filters);
    const filter = filterOf(request);
    if (Object.values(filter).every((value) => value === undefined)) throw someParametersRequired();
    await this.models.removeSome(request.actor, filter);
  }

  @ApiOperation({ summary: 'One model with its metrics' })
  @Get(':id')
  async get(@Incoming() request: NexosisRequest, @Param('id') id: string) {
    return fromModel(await this.models.get(request.actor, readGuid('modelId', id)), request.base);
  }

  @ApiOperation({ summary: 'Delete a model' })
  @Delete(':id')
  @HttpCode(204)
  remove(@Incoming() request: NexosisRequest, @Param('id') id: string): Promise<void> {
    return this.models.remove(request.actor, readGuid('modelId', id));
  }

  @ApiOperation({
    summary: 'Predict the target for rows of features; the response has the rows with the target',
  })
  @ApiBody({ schema: { example: predictExample } })
  @Post(':id/predict')
  @HttpCode(200)
  async predict(
    @Incoming() request: NexosisRequest,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const model = await this.models.get(request.actor, readGuid('modelId', id));
    const { rows, sent, scores, ignored } = await readRows(request);
    if (rows.length === 0) throw noData(`model ${model.id}`, predictMembers, ignored);
    const predicted = await this.models.predict(request.actor, model, rows, scores);
    const rowsShown = predicted.rows.map((row, i) =>
      withSentValues(row, rows[i] ?? {}, sent[i] ?? {}, model.target),
    );
    if (request.wantsCsv) {
      const names = [...new Set(rowsShown.flatMap((row) => Object.keys(row)))];
      return sendCsv(
        reply,
        table(
          names,
          rowsShown.map((row) => names.map((name) => (Object.hasOwn(row, name) ? (row[name] ?? '') : ''))),
        ),
      );
    }
    const fields: Partial<ReturnType<typeof fromModel>> = fromModel(model, request.base);
    delete fields.columns;
    return { ...fields, data: rowsShown, messages: predicted.messages };
  }
}

const predictMembers = ['data', 'extraParameters'];

interface PredictBody {
  readonly rows: Record<string, string>[];
  /** The same rows with the numbers as the body spells them. */
  readonly sent: Record<string, string>[];
  readonly scores: boolean;
  /** Unknown members of the body. */
  readonly ignored: readonly string[];
}

async function readRows(request: NexosisRequest): Promise<PredictBody> {
  if (/^text\/csv\b/i.test(request.body.type)) {
    const reader = await csvReader(request.body.bytes);
    const rows: Record<string, string>[] = [];
    for await (const batch of reader.batches()) {
      for (const values of batch)
        rows.push(Object.fromEntries(reader.names.map((name, i) => [name, values[i] ?? ''])));
    }
    return { rows, sent: rows, scores: false, ignored: [] };
  }
  const body = request.body.json('application/json or text/csv');
  const fields = new Fields(request.fastify.query, body);
  const data = fields.raw('data') ?? [];
  if (!Array.isArray(data)) throw invalidField('data', `data must be a list of rows, not ${kindOf(data)}.`);
  const extra = fields.raw('extraParameters');
  const scores = new Fields(isObject(extra) ? extra : {}).flag('includeClassScores') ?? false;
  const known = predictMembers.map((name) => name.toLowerCase());
  const ignored = Object.keys(body).filter((name) => !known.includes(name.toLowerCase()));
  const [rows, sent] = await predictRows(request.body.bytes);
  return { rows: rows.map(textsOf), sent: sent.map(textsOf), scores, ignored };
}

function textsOf(row: unknown, i: number): Record<string, string> {
  if (!isObject(row)) throw invalidField('data', `Row ${i + 1} must be an object, not ${kindOf(row)}.`);
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === 'object' && value !== null)
        throw invalidField(
          'data',
          `Row ${i + 1}: the value of ${name} must be a text, a number, true, false or null.`,
        );
      // A lone surrogate cannot be written as UTF-8, so the learner could not read it.
      return [name.toWellFormed(), value === null ? '' : String(value).toWellFormed()];
    }),
  );
}

const filters = [
  ...['dataSourceName', 'dataSetName', 'createdAfterDate', 'createdAfter'],
  ...['createdBeforeDate', 'createdBefore'],
];

const filterOf = ({ query }: NexosisRequest) => ({
  source: query.text('dataSourceName', 'dataSetName'),
  from: query.moment('createdAfterDate', 'createdAfter'),
  to: query.until('createdBeforeDate', 'createdBefore'),
});

export const fromModel = (model: Model, base: string) => ({
  modelId: model.id,
  sessionId: model.session,
  predictionDomain: model.domain,
  dataSourceName: model.source,
  createdDate: writeMoment(model.createdAt),
  ...(model.lastUsedAt !== null && { lastUsedDate: writeMoment(model.lastUsedAt) }),
  ...(model.name !== null && { modelName: model.name }),
  algorithm: model.algorithm,
  columns: writeColumns(model.columns),
  metrics: model.metrics,
  links: [
    { rel: 'self', href: `${base}/models/${model.id}` },
    { rel: 'train', href: `${base}/sessions/${model.session}` },
  ],
});

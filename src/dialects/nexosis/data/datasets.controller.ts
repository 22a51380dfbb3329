import { Controller, Delete, Get, HttpCode, Param, Put, Res, UseFilters } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { DataSet } from '../storage/ports.js';
import { Incoming, mount, type NexosisRequest } from '../wire/request.js';
import { checkMayDelete } from './deletable.js';
import { BuiltOn, readCascade } from './cascade.js';
import { readColumns, type DeclaredColumn } from '../wire/columns.js';
import { dataSetFields, readRange, rowsOf, summaryOf } from '../wire/data.wire.js';
import { DataSetsService } from './datasets.service.js';
import { NexosisErrorsFilter } from '../wire/errors.filter.js';
import { invalidField } from '../wire/errors.js';
import { isEmptyBody, refuseOtherTypes } from '../wire/json-bodies.js';
import { refuseMisspelt } from '../wire/misspelt.js';
import { RowThreads } from './row-threads.js';
import { listOf, pageLinks, pagesOf } from '../wire/paging.js';
import { pageResponse, PageWriter } from './page-writer.js';
import type { Upload } from './upload.js';

const uploadExample = {
  data: [{ day: '2017-01-01', sales: 223.33 }],
  columns: { sales: { dataType: 'numericMeasure', role: 'target' } },
};
const sortKeys = ['dataSetName', 'dataSetSize', 'rowCount', 'dateCreated', 'lastModified'] as const;

@ApiTags('nexosis: data sets')
@ApiSecurity('api-key')
@UseFilters(NexosisErrorsFilter)
@Controller(`${mount}/data`)
export class DataSetsController {
  constructor(
    private readonly dataSets: DataSetsService,
    private readonly cascade: BuiltOn,
    private readonly threads: RowThreads,
  ) {}

  @ApiOperation({ summary: 'The data sets of your instance, by name' })
  @ApiQuery({ name: 'partialName', required: false })
  @ApiQuery({ name: 'page', required: false })
  @ApiQuery({ name: 'pageSize', required: false })
  @Get()
  async list(@Incoming() request: NexosisRequest) {
    const paging = request.query.paging();
    const { items, total } = await this.dataSets.list({
      instance: request.actor.instance.id,
      partialName: request.query.text('partialName') ?? '',
      ...request.query.sorting(sortKeys, { by: 'dataSetName', descending: false }),
      limit: paging.size,
      offset: paging.page * paging.size,
    });
    return listOf(
      request,
      paging,
      items.map((dataSet) => summaryOf(dataSet, request.base, 'data')),
      total,
    );
  }

  @ApiOperation({ summary: 'Create a data set or upsert rows into it' })
  @ApiConsumes('application/json', 'text/csv')
  @ApiBody({ schema: { example: uploadExample } })
  @ApiQuery({ name: 'timestampColumn', required: false, description: 'CSV: the timestamp column' })
  @Put(':name')
  @HttpCode(201)
  async put(@Incoming() request: NexosisRequest, @Param('name') name: string) {
    const { dataSet, messages } = await this.withUpload(request, (upload) =>
      this.dataSets.put(request.actor, name, upload),
    );
    const summary = { ...summaryOf(dataSet, request.base), messages };
    void request.reply.header('Location', summary.links[0]?.href);
    return summary;
  }

  private withUpload<T>({ body, query }: NexosisRequest, use: (upload: Upload) => Promise<T>): Promise<T> {
    if (/^text\/csv\b/i.test(body.type)) {
      const timestamp = query.text('timestampColumn');
      return this.threads.csv(body.bytes, async (reader) => {
        const known = reader.names.find((name) => name.toLowerCase() === timestamp?.toLowerCase());
        if (timestamp !== undefined && known === undefined)
          throw invalidField('timestampColumn', `The CSV has no column ${timestamp}.`);
        const declared: DeclaredColumn[] = known === undefined ? [] : [{ name: known, role: 'timestamp' }];
        return use({ reader, declared, missingValues: undefined });
      });
    }
    if (isEmptyBody(body.bytes))
      return use({
        reader: { names: [], bytes: 0, async *batches() {} },
        declared: [],
        missingValues: undefined,
      });
    refuseOtherTypes(body, 'application/json or text/csv');
    return this.threads.json(body.bytes, async (reader) => {
      const { missingValues, ignored } = reader;
      return use({ reader, declared: readColumns(reader.columns), missingValues, ignored });
    });
  }

  @ApiOperation({ summary: 'Read rows, as JSON or CSV' })
  @ApiQuery({ name: 'startDate', required: false })
  @ApiQuery({ name: 'endDate', required: false, description: 'Inclusive' })
  @ApiQuery({ name: 'include', required: false, description: 'Names of columns' })
  @ApiOkResponse(pageResponse)
  @Get(':name')
  async get(
    @Incoming() request: NexosisRequest,
    @Param('name') name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const dataSet = await this.dataSets.get(request.actor, name);
    const paging = request.query.paging();
    const range = readRange(request.query, dataSet);
    const { items, total } = await this.dataSets.rows(dataSet, range, paging.size, paging.page * paging.size);
    const include = request.query.list('include');
    const normalises = request.wantsCsv || request.query.flag('formatDates') === true;
    const page = new PageWriter(reply, request.wantsCsv);
    await page.add(items, dataSet, (rows) =>
      rowsOf(
        dataSet.columns,
        rows.map(({ values }) => values),
        include,
        normalises,
      ),
    );
    if (request.wantsCsv) return page.csv();
    const paged = pagesOf(paging, total);
    return page.json(dataSetFields(dataSet), {
      ...paged,
      links: [...pageLinks(request, paged), ...relatedLinks(dataSet, request.base)],
    });
  }

  @ApiOperation({ summary: 'Delete a data set, or its rows between two dates' })
  @ApiQuery({ name: 'startDate', required: false })
  @ApiQuery({ name: 'endDate', required: false })
  @ApiQuery({ name: 'cascade', required: false, description: 'session, view, model, vocabulary' })
  @Delete(':name')
  @HttpCode(204)
  async remove(@Incoming() request: NexosisRequest, @Param('name') name: string): Promise<void> {
    refuseMisspelt(request.query, ['startDate', 'endDate', 'cascade']);
    const kinds = readCascade(request.query.list('cascade'));
    const dataSet = await this.dataSets.get(request.actor, name);
    const range = readRange(request.query, dataSet);
    if (range.from !== undefined || range.to !== undefined)
      return this.dataSets.removeRows(request.actor, name, range);
    checkMayDelete(request.actor, dataSet, `Data set ${dataSet.name}`);
    await this.cascade.remove(request.actor, dataSet.name, kinds);
    await this.dataSets.remove(request.actor, name);
  }
}

function relatedLinks({ name }: DataSet, base: string) {
  const source = encodeURIComponent(name);
  const to = (rel: string, path: string) => ({ rel, href: `${base}/${path}` });
  return [
    to('imports', `imports?dataSetName=${source}`),
    to('views', `views?dataSetName=${source}`),
    to('stats', `data/${source}/stats`),
    to('sessions', `sessions?dataSourceName=${source}`),
    to('models', `models?dataSourceName=${source}`),
    to('vocabularies', `vocabulary?dataSourceName=${source}`),
  ];
}

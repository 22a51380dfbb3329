import { Controller, Delete, Get, HttpCode, Param, Put, Res, UseFilters } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { View } from '../storage/ports.js';
import { pageResponse, PageWriter } from './page-writer.js';
import { Incoming, mount, type NexosisRequest } from '../wire/request.js';
import { BuiltOn, readCascade } from './cascade.js';
import { columnWithRole, writeColumns } from '../wire/columns.js';
import { readRange, rowsOf } from '../wire/data.wire.js';
import { DataSetsService } from './datasets.service.js';
import { NexosisErrorsFilter } from '../wire/errors.filter.js';
import { invalidField } from '../wire/errors.js';
import { isObject } from '../wire/fields.js';
import { refuseMisspelt } from '../wire/misspelt.js';
import { listOf, pageLinks, pagesOf } from '../wire/paging.js';
import { readsFrom, ViewsService } from './views.service.js';

const example = {
  dataSetName: 'shop',
  joins: [{ dataSet: { name: 'weather' }, columnOptions: { day: { joinInterval: 'day' } } }],
};

@ApiTags('nexosis: views')
@ApiSecurity('api-key')
@UseFilters(NexosisErrorsFilter)
@Controller(`${mount}/views`)
export class ViewsController {
  constructor(
    private readonly views: ViewsService,
    private readonly dataSets: DataSetsService,
    private readonly cascade: BuiltOn,
  ) {}

  @ApiOperation({ summary: 'The views of your instance, by name' })
  @ApiQuery({ name: 'partialName', required: false })
  @ApiQuery({ name: 'dataSetName', required: false })
  @Get()
  async list(@Incoming() request: NexosisRequest) {
    const paging = request.query.paging();
    const [partialName, dataSet] = [
      request.query.text('partialName') ?? '',
      request.query.text('dataSetName'),
    ];
    const matches = (await this.views.list(request.actor))
      .filter(({ name }) => name.toLowerCase().includes(partialName.toLowerCase()))
      .filter((view) => dataSet === undefined || readsFrom(view, dataSet));
    const shown = matches.slice(paging.page * paging.size, (paging.page + 1) * paging.size);
    const items = [];
    for (const view of shown) items.push(await this.show(request, view));
    return listOf(request, paging, items, matches.length);
  }

  @ApiOperation({
    summary: 'Create or replace a view, which joins columns of other data sets to those of one',
  })
  @ApiBody({ schema: { example } })
  @Put(':name')
  @HttpCode(201)
  async put(@Incoming() request: NexosisRequest, @Param('name') name: string) {
    const { fields } = request;
    const dataSet = fields.text('dataSetName', 'dataSourceName');
    if (dataSet === undefined) throw invalidField('dataSetName', 'The dataSetName field is required.');
    const [joins, columns] = [fields.raw('joins') ?? [], fields.raw('columns') ?? {}];
    if (!Array.isArray(joins)) throw invalidField('joins', 'The joins must be a list.');
    if (!isObject(columns)) throw invalidField('columns', 'columns must be an object of column names.');
    const view = await this.views.put(request.actor, { name, dataSet, joins, columns });
    void request.reply.header('Location', addressOf(request, view));
    return this.show(request, view);
  }

  @ApiOperation({ summary: 'Read rows of a view, as JSON or CSV' })
  @ApiQuery({ name: 'startDate', required: false })
  @ApiQuery({ name: 'endDate', required: false })
  @ApiQuery({ name: 'include', required: false })
  @ApiOkResponse(pageResponse)
  @Get(':name')
  async get(
    @Incoming() request: NexosisRequest,
    @Param('name') name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const view = await this.views.get(request.actor, name);
    const { left, columns, join } = await this.views.open(view);
    const paging = request.query.paging();
    const range = readRange(request.query, left);
    const { items, total } = await this.dataSets.rows(left, range, paging.size, paging.page * paging.size);
    const include = request.query.list('include');
    // A data set shows times as sent. The service computes the rows of a view, so it shows times as results do.
    const page = new PageWriter(reply, request.wantsCsv);
    await page.add(items, { columns }, (rows) =>
      rowsOf(
        columns,
        rows.map(({ values }) => join(values)),
        include,
        true,
      ),
    );
    if (request.wantsCsv) return page.csv();
    const paged = pagesOf(paging, total);
    return page.json({ ...(await this.show(request, view)), links: pageLinks(request, paged) }, paged);
  }

  @ApiOperation({ summary: 'Delete a view' })
  @ApiQuery({ name: 'cascade', required: false, description: 'session, model, vocabulary' })
  @Delete(':name')
  @HttpCode(204)
  async remove(@Incoming() request: NexosisRequest, @Param('name') name: string): Promise<void> {
    refuseMisspelt(request.query, ['cascade']);
    const kinds = readCascade(request.query.list('cascade')).filter((kind) => kind !== 'view');
    const view = await this.views.get(request.actor, name);
    await this.cascade.remove(request.actor, view.name, kinds);
    await this.views.remove(request.actor, name);
  }

  private async show(request: NexosisRequest, view: View) {
    const columns = await this.views.columns(view);
    return {
      viewName: view.name,
      dataSetName: view.dataSet,
      isTimeSeries: columnWithRole(columns, 'timestamp') !== undefined,
      columns: writeColumns(columns),
      joins: view.joins,
      links: [{ rel: 'self', href: addressOf(request, view) }],
    };
  }
}

const addressOf = ({ base }: NexosisRequest, { name }: View): string =>
  `${base}/views/${encodeURIComponent(name)}`;

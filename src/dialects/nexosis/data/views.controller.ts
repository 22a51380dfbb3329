import { Controller, Delete, Get, HttpCode, Param, Put, Res, UseFilters } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { View } from '../storage/ports.js';
import { pageAnswer, PageWriter } from './sent-page.js';
import { Ask, mount, type Asked } from '../wire/asked.js';
import { BuiltOn, readCascade } from './cascade.js';
import { columnOf, writeColumns } from '../wire/columns.js';
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
  async list(@Ask() asked: Asked) {
    const paging = asked.query.paging();
    const [part, dataSet] = [asked.query.text('partialName') ?? '', asked.query.text('dataSetName')];
    const found = (await this.views.list(asked.actor))
      .filter(({ name }) => name.toLowerCase().includes(part.toLowerCase()))
      .filter((view) => dataSet === undefined || readsFrom(view, dataSet));
    const shown = found.slice(paging.page * paging.size, (paging.page + 1) * paging.size);
    const items = [];
    for (const view of shown) items.push(await this.show(asked, view));
    return listOf(asked, paging, items, found.length);
  }

  @ApiOperation({ summary: 'Create or replace a view: a data set with the columns of others beside its own' })
  @ApiBody({ schema: { example } })
  @Put(':name')
  @HttpCode(201)
  async put(@Ask() asked: Asked, @Param('name') name: string) {
    const { fields } = asked;
    const dataSet = fields.text('dataSetName', 'dataSourceName');
    if (dataSet === undefined) throw invalidField('dataSetName', 'The dataSetName field is required.');
    const [joins, columns] = [fields.raw('joins') ?? [], fields.raw('columns') ?? {}];
    if (!Array.isArray(joins)) throw invalidField('joins', 'The joins must be a list.');
    if (!isObject(columns)) throw invalidField('columns', 'columns must be an object of column names.');
    const view = await this.views.put(asked.actor, { name, dataSet, joins, columns });
    void asked.reply.header('Location', addressOf(asked, view));
    return this.show(asked, view);
  }

  @ApiOperation({ summary: 'Read rows of a view, as JSON or CSV' })
  @ApiQuery({ name: 'startDate', required: false })
  @ApiQuery({ name: 'endDate', required: false })
  @ApiQuery({ name: 'include', required: false })
  @ApiOkResponse(pageAnswer)
  @Get(':name')
  async get(
    @Ask() asked: Asked,
    @Param('name') name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const view = await this.views.get(asked.actor, name);
    const { left, columns, join } = await this.views.open(view);
    const paging = asked.query.paging();
    const range = readRange(asked.query, left);
    const { items, total } = await this.dataSets.rows(left, range, paging.size, paging.page * paging.size);
    const include = asked.query.list('include');
    // Data sets show times as they were sent; a view, which is made by the service, in the form of results.
    const page = new PageWriter(reply, asked.wantsCsv);
    await page.add(items, { columns }, (some) =>
      rowsOf(
        columns,
        some.map(({ values }) => join(values)),
        include,
        true,
      ),
    );
    if (asked.wantsCsv) return page.csv();
    const paged = pagesOf(paging, total);
    return page.json({ ...(await this.show(asked, view)), links: pageLinks(asked, paged) }, paged);
  }

  @ApiOperation({ summary: 'Delete a view' })
  @ApiQuery({ name: 'cascade', required: false, description: 'session, model, vocabulary' })
  @Delete(':name')
  @HttpCode(204)
  async remove(@Ask() asked: Asked, @Param('name') name: string): Promise<void> {
    refuseMisspelt(asked.query, ['cascade']);
    const kinds = readCascade(asked.query.list('cascade')).filter((kind) => kind !== 'view');
    const view = await this.views.get(asked.actor, name);
    await this.cascade.remove(asked.actor, view.name, kinds);
    await this.views.remove(asked.actor, name);
  }

  private async show(asked: Asked, view: View) {
    const columns = await this.views.columns(view);
    return {
      viewName: view.name,
      dataSetName: view.dataSet,
      isTimeSeries: columnOf(columns, 'timestamp') !== undefined,
      columns: writeColumns(columns),
      joins: view.joins,
      links: [{ rel: 'self', href: addressOf(asked, view) }],
    };
  }
}

const addressOf = ({ base }: Asked, { name }: View): string => `${base}/views/${encodeURIComponent(name)}`;

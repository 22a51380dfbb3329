import { Controller, Get, HttpCode, Param, Post, UseFilters } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { Import } from '../storage/ports.js';
import { ReceiptsService } from '../../../scheduler/receipts.service.js';
import { submitKey, recordDelivery } from '../../submit-key.js';
import { Incoming, mount, type NexosisRequest } from '../wire/request.js';
import { sameName } from '../wire/columns.js';
import { writeMoment } from '../wire/dates.js';
import { NexosisErrorsFilter } from '../wire/errors.filter.js';
import { invalidField } from '../wire/errors.js';
import { isObject, readGuid, type Fields } from '../wire/fields.js';
import { ImportsService } from './imports.service.js';
import { listOf } from '../wire/paging.js';
import { statusHeader } from '../wire/session.wire.js';

const example = { dataSetName: 'shop', url: 'https://example.org/shop.csv' };
const sortKeys = ['id', 'dataSetName', 'requestedDate', 'currentStatusDate'] as const;

@ApiTags('nexosis: imports')
@ApiSecurity('api-key')
@UseFilters(NexosisErrorsFilter)
@Controller(`${mount}/imports`)
export class ImportsController {
  constructor(
    private readonly imports: ImportsService,
    private readonly receipts: ReceiptsService,
  ) {}

  @ApiOperation({ summary: 'Fetch a CSV or JSON file, optionally gzipped, into a data set' })
  @ApiBody({ schema: { example } })
  @Post('url')
  @HttpCode(200)
  async url(@Incoming() request: NexosisRequest) {
    const { fields } = request;
    const columns = fields.raw('columns') ?? {};
    if (!isObject(columns)) throw invalidField('columns', 'columns must be an object of column names.');
    const basic = fields.object('auth')?.object('basic');
    const submit = submitKey(request.actor, request.fastify, request.fastify.url);
    const importRequest = {
      dataSet: required(fields, 'dataSetName', 'dataSourceName'),
      url: required(fields, 'url'),
      contentType: contentTypeOf(fields),
      auth:
        basic === undefined
          ? null
          : { user: basic.text('userId') ?? '', password: basic.text('password') ?? '' },
      // One client wraps the columns in another object.
      columns: isObject(columns['columns']) ? columns['columns'] : columns,
    };
    const record = await this.imports.start(request.actor, importRequest, submit);
    await recordDelivery(this.receipts, request.reply, submit, record.id);
    return this.show(request, record);
  }

  @ApiOperation({ summary: 'Not supported: upload the file, or import it from a URL' })
  @Post(':id')
  other(@Param('id') type: string): never {
    throw invalidField('type', `Imports from ${type} are not supported: use imports/url, or PUT /data.`);
  }

  @ApiOperation({ summary: 'The imports of your instance, newest first' })
  @ApiQuery({ name: 'dataSetName', required: false })
  @ApiQuery({ name: 'requestedAfterDate', required: false })
  @ApiQuery({ name: 'requestedBeforeDate', required: false })
  @Get()
  async list(@Incoming() request: NexosisRequest) {
    const { query } = request;
    const paging = query.paging();
    const { sortBy, descending } = query.sorting(sortKeys, { by: 'requestedDate', descending: true });
    const [name, from, to] = [
      query.text('dataSetName', 'dataSourceName'),
      query.moment('requestedAfterDate', 'requestedAfter'),
      query.until('requestedBeforeDate', 'requestedBefore'),
    ];
    const matches = (await this.imports.list(request.actor))
      .filter(({ dataSet }) => name === undefined || sameName(dataSet, name))
      .filter(({ requestedAt: at }) => (from === undefined || at >= from) && (to === undefined || at <= to))
      .sort((a, b) => (sortKeyOf[sortBy](a) < sortKeyOf[sortBy](b) ? -1 : 1) * (descending ? -1 : 1));
    const shown = matches.slice(paging.page * paging.size, (paging.page + 1) * paging.size);
    return listOf(
      request,
      paging,
      shown.map((record) => fromImport(record, request.base)),
      matches.length,
    );
  }

  @ApiOperation({ summary: 'One import with its status' })
  @Get(':id')
  async get(@Incoming() request: NexosisRequest, @Param('id') id: string) {
    return this.show(request, await this.imports.get(request.actor, readGuid('importId', id)));
  }

  private show(request: NexosisRequest, record: Import) {
    void request.reply.header('Nexosis-Import-Status', statusHeader(record.status));
    return fromImport(record, request.base);
  }
}

const sortKeyOf = {
  id: ({ id }: Import) => id,
  dataSetName: ({ dataSet }: Import) => dataSet.toLowerCase(),
  requestedDate: ({ requestedAt, id }: Import) => `${requestedAt} ${id}`,
  currentStatusDate: ({ history }: Import) => String(history.at(-1)?.at),
} as const;

function required(fields: Fields, ...names: [string, ...string[]]): string {
  const value = fields.text(...names);
  if (value === undefined) throw invalidField(names[0], `The ${names[0]} field is required.`);
  return value;
}

function contentTypeOf(fields: Fields): 'csv' | 'json' | undefined {
  const text = fields.text('contentType')?.toLowerCase();
  if (text === undefined) return undefined;
  const match = (['csv', 'json'] as const).find((type, i) => text.endsWith(type) || text === String(i));
  if (match === undefined)
    throw invalidField('contentType', `The value '${text}' is not valid: it must be csv or json.`);
  return match;
}

const fromImport = (record: Import, base: string) => ({
  importId: record.id,
  type: record.type,
  status: record.status,
  dataSetName: record.dataSet,
  parameters: record.parameters,
  requestedDate: writeMoment(record.requestedAt),
  statusHistory: record.history.map(({ at, status }) => ({ date: writeMoment(at), status })),
  messages: record.messages,
  columns: record.columns,
  links: [
    { rel: 'self', href: `${base}/imports/${record.id}` },
    { rel: 'data', href: `${base}/data/${encodeURIComponent(record.dataSet)}` },
  ],
});

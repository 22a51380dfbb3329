import { Controller, Get, HttpCode, Param, Post, UseFilters } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { Import } from '../storage/ports.js';
import { ReceiptsService } from '../../../scheduler/receipts.service.js';
import { submitKey, watchAnswer } from '../../submit-key.js';
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
    const wanted = {
      dataSet: required(fields, 'dataSetName', 'dataSourceName'),
      url: required(fields, 'url'),
      contentType: contentTypeOf(fields),
      auth:
        basic === undefined
          ? null
          : { user: basic.text('userId') ?? '', password: basic.text('password') ?? '' },
      // One client wraps them once more.
      columns: isObject(columns['columns']) ? columns['columns'] : columns,
    };
    const made = await this.imports.start(request.actor, wanted, submit);
    await watchAnswer(this.receipts, request.reply, submit, made.id);
    return this.show(request, made);
  }

  @ApiOperation({ summary: 'Not offered: upload the file, or import it from an address' })
  @Post(':id')
  other(@Param('id') type: string): never {
    throw invalidField('type', `Imports from ${type} are not offered here: use imports/url, or PUT /data.`);
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
    const found = (await this.imports.list(request.actor))
      .filter(({ dataSet }) => name === undefined || sameName(dataSet, name))
      .filter(({ requestedAt: at }) => (from === undefined || at >= from) && (to === undefined || at <= to))
      .sort((a, b) => (keyOf[sortBy](a) < keyOf[sortBy](b) ? -1 : 1) * (descending ? -1 : 1));
    const shown = found.slice(paging.page * paging.size, (paging.page + 1) * paging.size);
    return listOf(
      request,
      paging,
      shown.map((made) => fromImport(made, request.base)),
      found.length,
    );
  }

  @ApiOperation({ summary: 'How far an import is' })
  @Get(':id')
  async get(@Incoming() request: NexosisRequest, @Param('id') id: string) {
    return this.show(request, await this.imports.get(request.actor, readGuid('importId', id)));
  }

  private show(request: NexosisRequest, made: Import) {
    void request.reply.header('Nexosis-Import-Status', statusHeader(made.status));
    return fromImport(made, request.base);
  }
}

const keyOf = {
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
  const said = fields.text('contentType')?.toLowerCase();
  if (said === undefined) return undefined;
  const found = (['csv', 'json'] as const).find((type, i) => said.endsWith(type) || said === String(i));
  if (found === undefined)
    throw invalidField('contentType', `The value '${said}' is not valid: it must be csv or json.`);
  return found;
}

const fromImport = (made: Import, base: string) => ({
  importId: made.id,
  type: made.type,
  status: made.status,
  dataSetName: made.dataSet,
  parameters: made.parameters,
  requestedDate: writeMoment(made.requestedAt),
  statusHistory: made.history.map(({ at, status }) => ({ date: writeMoment(at), status })),
  messages: made.messages,
  columns: made.columns,
  links: [
    { rel: 'self', href: `${base}/imports/${made.id}` },
    { rel: 'data', href: `${base}/data/${encodeURIComponent(made.dataSet)}` },
  ],
});

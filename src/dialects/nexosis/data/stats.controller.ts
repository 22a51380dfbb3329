import { Controller, Get, Inject, Param, UseFilters } from '@nestjs/common';
import { ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { CLOCK, type Clock } from '../../../scheduler/ports.js';
import { Incoming, mount, type NexosisRequest } from '../wire/request.js';
import { findColumn } from '../wire/columns.js';
import { DataSetsService } from './datasets.service.js';
import { writeMoment } from '../wire/dates.js';
import { NexosisErrorsFilter } from '../wire/errors.filter.js';
import { notFound } from '../wire/errors.js';
import { readGuid } from '../wire/fields.js';
import { listOf } from '../wire/paging.js';
import { metrics } from '../wire/metrics.js';
import { ColumnStats } from './stats.js';

@ApiTags('nexosis: statistics')
@ApiSecurity('api-key')
@UseFilters(NexosisErrorsFilter)
@Controller(mount)
export class StatsController {
  constructor(
    private readonly dataSets: DataSetsService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @ApiOperation({ summary: 'Statistics of every column' })
  @Get('data/:name/stats')
  stats(@Incoming() request: NexosisRequest, @Param('name') name: string) {
    return this.read(request, name, null);
  }

  @ApiOperation({ summary: 'Statistics of one column' })
  @Get('data/:name/stats/:column')
  async column(
    @Incoming() request: NexosisRequest,
    @Param('name') name: string,
    @Param('column') column: string,
  ) {
    return this.read(request, name, column);
  }

  @ApiOperation({ summary: 'The names and meanings of all metrics' })
  @Get('metrics')
  metrics() {
    return { metrics };
  }

  @ApiOperation({
    summary:
      'An empty list: there are no vocabularies, because models weigh the words of text columns themselves',
  })
  @Get('vocabulary')
  vocabularies(@Incoming() request: NexosisRequest) {
    return listOf(request, request.query.paging(), [], 0);
  }

  @ApiOperation({ summary: 'Not found: there are no vocabularies' })
  @Get('vocabulary/:id')
  vocabulary(@Param('id') id: string): never {
    throw notFound('vocabulary', readGuid('id', id));
  }

  private async read({ actor }: NexosisRequest, name: string, columnName: string | null) {
    const dataSet = await this.dataSets.get(actor, name);
    const { columns, missingValues } = dataSet;
    const one = columnName === null ? undefined : findColumn(columns, columnName);
    if (columnName !== null && one === undefined) throw notFound('column', columnName);
    const missing = new Set(missingValues);
    const all = columns.map((column) => ({ column, stats: new ColumnStats(column, missing) }));
    for await (const rows of this.dataSets.all(dataSet)) {
      for (const { values } of rows) all.forEach(({ stats }, i) => stats.add(values[i] ?? ''));
    }
    const at = writeMoment(this.clock.now());
    const shown = all.filter(({ column }) => one === undefined || column === one);
    return {
      dataSetName: dataSet.name,
      columns: Object.fromEntries(shown.map(({ column, stats }) => [column.name, stats.summary(at)])),
    };
  }
}

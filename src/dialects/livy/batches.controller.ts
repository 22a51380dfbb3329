import { Body, Controller, Delete, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBasicAuth, ApiBearerAuth, ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor } from '../../auth/token.guard.js';
import type { Actor } from '../../kernel/access/access.js';
import { ReceiptsService } from '../../scheduler/receipts.service.js';
import { submitKey, recordDelivery, type WithBodyDigest } from '../submit-key.js';
import { LivyBatches } from './batches.service.js';
import { prefixOf } from './http.js';
import { BatchRequest, PageQuery, readBody, refuseMisspelt, parseInteger } from './requests.dto.js';
import { fromLog } from './wire.js';

@ApiTags('livy batches')
@ApiBasicAuth()
@ApiBearerAuth()
@Controller('livy/batches')
export class LivyBatchesController {
  constructor(
    private readonly batches: LivyBatches,
    private readonly receipts: ReceiptsService,
  ) {}

  @ApiOperation({ summary: 'Run a file with spark-submit' })
  @ApiBody({ type: BatchRequest })
  @Post()
  async submit(
    @CurrentActor() actor: Actor,
    @Body() body: unknown,
    @Req() request: WithBodyDigest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const submit = submitKey(actor, request);
    const batch = await this.batches.submit(actor, readBody(BatchRequest, body), submit);
    const answer = await this.batches.toAnswer(batch);
    void reply.header('location', `${prefixOf(request)}/batches/${batch.number}`);
    await recordDelivery(this.receipts, reply, submit, batch.run.id);
    return answer;
  }

  @ApiOperation({ summary: 'List the batches of your instance in order of creation' })
  @Get()
  list(@CurrentActor() actor: Actor, @Query() { from, size }: PageQuery, @Req() request: FastifyRequest) {
    refuseMisspelt(request.query);
    return this.batches.list(actor, parseInteger('from', from, 0), parseInteger('size', size, 100));
  }

  @ApiOperation({ summary: 'Get a batch by number or name' })
  @Get(':id')
  async get(@CurrentActor() actor: Actor, @Param('id') id: string) {
    return this.batches.toAnswer(await this.batches.find(actor, id));
  }

  @ApiOperation({ summary: 'Get the state of a batch' })
  @Get(':id/state')
  async state(@CurrentActor() actor: Actor, @Param('id') id: string) {
    return this.batches.state(await this.batches.find(actor, id));
  }

  @ApiOperation({ summary: 'Get the last lines of the log of a batch' })
  @Get(':id/log')
  async log(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Query() { from, size }: PageQuery,
    @Req() request: FastifyRequest,
  ) {
    refuseMisspelt(request.query);
    const batch = await this.batches.find(actor, id);
    const [first, count] = [parseInteger('from', from, -1), parseInteger('size', size, 100)];
    return fromLog(batch.number, await this.batches.log(batch), first, count);
  }

  @ApiOperation({ summary: 'End and delete a batch' })
  @Delete(':id')
  async remove(@CurrentActor() actor: Actor, @Param('id') id: string) {
    await this.batches.remove(actor, id);
    return { msg: 'deleted' };
  }
}

import { Readable } from 'node:stream';
import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBasicAuth, ApiBearerAuth, ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor } from '../../auth/token.guard.js';
import type { Actor } from '../../kernel/access/access.js';
import { ReceiptsService } from '../../scheduler/receipts.service.js';
import { replyBody } from '../send-parts.js';
import { submitKey, recordDelivery, type WithBodyDigest } from '../submit-key.js';
import { prefixOf } from './http.js';
import {
  parseInteger,
  readStatement,
  refuseMisspelt,
  StatementRequest,
  StatementsQuery,
} from './requests.dto.js';
import { LivyStatements } from './statements.service.js';

/** These routes return JSON text, which Nest would send as text/plain. */
const json = ['content-type', 'application/json; charset=utf-8'] as const;

@ApiTags('livy statements')
@ApiBasicAuth()
@ApiBearerAuth()
@Controller('livy/sessions/:id/statements')
export class LivyStatementsController {
  constructor(
    private readonly statements: LivyStatements,
    private readonly receipts: ReceiptsService,
  ) {}

  @ApiOperation({ summary: 'Run code in a session, after its earlier statements' })
  @ApiBody({ type: StatementRequest })
  @Post()
  @Header(...json)
  async submit(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: WithBodyDigest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const submit = submitKey(actor, request);
    const statement = await this.statements.submit(actor, id, readStatement(body), submit);
    const { session, job, number, parts } = statement;
    void reply.header('location', `${prefixOf(request)}/sessions/${session}/statements/${number}`);
    await recordDelivery(this.receipts, reply, submit, job);
    return replyBody(reply, parts);
  }

  @ApiOperation({ summary: 'List the statements of a session; order=desc lists the latest first' })
  @Get()
  @Header(...json)
  async list(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Query() { from, size, order }: StatementsQuery,
    @Req() request: FastifyRequest,
  ) {
    refuseMisspelt(request.query, ['from', 'size', 'order']);
    const page = {
      from: Math.max(0, parseInteger('from', from, 0)),
      // A negative size means all, as a negative LIMIT does in the database.
      size: parseInteger('size', size, -1),
      newestFirst: String(order).toLowerCase() === 'desc',
    };
    const list = await this.statements.list(actor, id, page);
    return typeof list === 'string' ? list : Readable.from(list, { objectMode: false });
  }

  @ApiOperation({ summary: 'Get a statement, with its output once it is available' })
  @Get(':statement')
  @Header(...json)
  async get(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Param('statement') statement: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return replyBody(reply, await this.statements.get(actor, id, statement));
  }

  @ApiOperation({ summary: 'Cancel a statement: a waiting one never runs, a running one is interrupted' })
  @Post(':statement/cancel')
  @HttpCode(200)
  async cancel(@CurrentActor() actor: Actor, @Param('id') id: string, @Param('statement') statement: string) {
    await this.statements.cancel(actor, id, statement);
    return { msg: 'canceled' };
  }
}

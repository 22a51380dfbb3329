import {
  BadRequestException,
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiBasicAuth, ApiBearerAuth, ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor } from '../../auth/token.guard.js';
import type { Actor } from '../../kernel/access/access.js';
import { ReceiptsService } from '../../scheduler/receipts.service.js';
import { submitKey, recordDelivery, type WithBodyDigest } from '../submit-key.js';
import { prefixOf } from './http.js';
import {
  CompletionRequest,
  PageQuery,
  readBody,
  parseInteger,
  refuseMisspelt,
  SessionRequest,
} from './requests.dto.js';
import { LivySessions } from './sessions.service.js';
import { LivyStatements } from './statements.service.js';
import { fromLog } from './wire.js';

/**
 * Calls of Livy's programmatic clients, which send JVM objects and pickled functions (dialect, job API). Not supported.
 */
const jobCalls = [
  ...['submit-job', 'run-job', 'jobs/:job/cancel', 'add-jar', 'add-file', 'add-pyfile'],
  ...['upload-jar', 'upload-file', 'upload-pyfile'],
].map((call) => `:id/${call}`);

@ApiTags('livy sessions')
@ApiBasicAuth()
@ApiBearerAuth()
@Controller('livy/sessions')
export class LivySessionsController {
  constructor(
    private readonly sessions: LivySessions,
    private readonly statements: LivyStatements,
    private readonly receipts: ReceiptsService,
  ) {}

  @ApiOperation({ summary: 'Create a session; it waits as not_started until a slot is free' })
  @ApiBody({ type: SessionRequest, required: false })
  @Post()
  async open(
    @CurrentActor() actor: Actor,
    @Body() body: unknown,
    @Req() request: WithBodyDigest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const submit = submitKey(actor, request);
    const entry = await this.sessions.open(actor, readBody(SessionRequest, body), submit);
    const answer = await this.sessions.toAnswer(entry);
    void reply.header('location', `${prefixOf(request)}/sessions/${entry.number}`);
    await recordDelivery(this.receipts, reply, submit, entry.session.id);
    return answer;
  }

  @ApiOperation({ summary: 'List the sessions of your instance in order of creation' })
  @Get()
  list(@CurrentActor() actor: Actor, @Query() { from, size }: PageQuery, @Req() request: FastifyRequest) {
    refuseMisspelt(request.query);
    return this.sessions.list(actor, parseInteger('from', from, 0), parseInteger('size', size, 100));
  }

  @ApiOperation({ summary: 'Get a session by number or name' })
  @Get(':id')
  async get(@CurrentActor() actor: Actor, @Param('id') id: string) {
    return this.sessions.toAnswer(await this.sessions.find(actor, id));
  }

  @ApiOperation({ summary: 'Get the state of a session' })
  @Get(':id/state')
  async state(@CurrentActor() actor: Actor, @Param('id') id: string) {
    return this.sessions.state(await this.sessions.find(actor, id));
  }

  @ApiOperation({ summary: "Get the last lines of the log of a session's interpreter" })
  @Get(':id/log')
  async log(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Query() { from, size }: PageQuery,
    @Req() request: FastifyRequest,
  ) {
    refuseMisspelt(request.query);
    const entry = await this.sessions.find(actor, id);
    const [first, count] = [parseInteger('from', from, -1), parseInteger('size', size, 100)];
    return fromLog(entry.number, await this.sessions.log(entry), first, count);
  }

  @ApiOperation({ summary: 'End a session and the statements in it, and delete it' })
  @Delete(':id')
  async remove(@CurrentActor() actor: Actor, @Param('id') id: string) {
    await this.sessions.remove(actor, id);
    return { msg: 'deleted' };
  }

  @ApiOperation({ summary: 'Use a session, so that its idle timeout starts again' })
  @Post(':id/connect')
  @HttpCode(200)
  async connect(@CurrentActor() actor: Actor, @Param('id') id: string) {
    await this.sessions.use(actor, id, 'keep it alive');
    return this.sessions.toAnswer(await this.sessions.find(actor, id));
  }

  @ApiOperation({ summary: 'Get completions for the code at the cursor' })
  @ApiBody({ type: CompletionRequest })
  @Post(':id/completion')
  @HttpCode(200)
  complete(@CurrentActor() actor: Actor, @Param('id') id: string, @Body() body: unknown) {
    return this.statements.complete(actor, id, readBody(CompletionRequest, body));
  }

  @ApiOperation({ summary: 'End a session, but show it as dead for a while' })
  @Post(':id/stop')
  @HttpCode(204)
  async stop(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<void> {
    await this.sessions.stop(actor, id);
  }

  @ApiOperation({ summary: 'Stop a session, as the call stop does' })
  @Post(':id/interrupt')
  @HttpCode(200)
  async interrupt(@CurrentActor() actor: Actor, @Param('id') id: string) {
    await this.sessions.stop(actor, id);
    return { msg: 'interrupted' };
  }

  @ApiOperation({ summary: 'Refused: jobs of the programmatic clients are not run here' })
  @Post(jobCalls)
  submitJob(@CurrentActor() actor: Actor, @Param('id') id: string) {
    return this.refuseJobs(actor, id);
  }

  @ApiOperation({ summary: 'Refused: jobs of the programmatic clients are not run here' })
  @Get(':id/jobs/:job')
  job(@CurrentActor() actor: Actor, @Param('id') id: string) {
    return this.refuseJobs(actor, id);
  }

  private async refuseJobs(actor: Actor, id: string): Promise<never> {
    const { number } = await this.sessions.find(actor, id);
    throw new BadRequestException(
      `The job API of Livy's programmatic clients is not served here. Post code to /sessions/${number}/statements, and name files and jars when you create the session.`,
    );
  }
}

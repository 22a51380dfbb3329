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
import { Asker } from '../../auth/token.guard.js';
import type { Actor } from '../../kernel/access/access.js';
import { ReceiptsService } from '../../scheduler/receipts.service.js';
import { submitKey, watchAnswer, type WithBodyDigest } from '../submit-key.js';
import { prefixOf } from './http.js';
import {
  CompletionRequest,
  PageQuery,
  readBody,
  refuseMisspelt,
  SessionRequest,
  wholeOf,
} from './requests.dto.js';
import { LivySessions } from './sessions.service.js';
import { LivyStatements } from './statements.service.js';
import { fromLog } from './wire.js';

/** What Livy's own programmatic clients call: objects of a JVM's, and pickled functions (dialect, job API). */
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
    @Asker() actor: Actor,
    @Body() body: unknown,
    @Req() request: WithBodyDigest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const submit = submitKey(actor, request);
    const found = await this.sessions.open(actor, readBody(SessionRequest, body), submit);
    const shown = await this.sessions.shown(found);
    void reply.header('location', `${prefixOf(request)}/sessions/${found.number}`);
    await watchAnswer(this.receipts, reply, submit, found.session.id);
    return shown;
  }

  @ApiOperation({ summary: 'The sessions of your instance, in the order of their creation' })
  @Get()
  list(@Asker() actor: Actor, @Query() { from, size }: PageQuery, @Req() request: FastifyRequest) {
    refuseMisspelt(request.query);
    return this.sessions.list(actor, wholeOf('from', from, 0), wholeOf('size', size, 100));
  }

  @ApiOperation({ summary: 'One session, by number or name' })
  @Get(':id')
  async get(@Asker() actor: Actor, @Param('id') id: string) {
    return this.sessions.shown(await this.sessions.find(actor, id));
  }

  @ApiOperation({ summary: 'Its state alone' })
  @Get(':id/state')
  async state(@Asker() actor: Actor, @Param('id') id: string) {
    return this.sessions.state(await this.sessions.find(actor, id));
  }

  @ApiOperation({ summary: 'The last lines its interpreter wrote' })
  @Get(':id/log')
  async log(
    @Asker() actor: Actor,
    @Param('id') id: string,
    @Query() { from, size }: PageQuery,
    @Req() request: FastifyRequest,
  ) {
    refuseMisspelt(request.query);
    const found = await this.sessions.find(actor, id);
    const [first, many] = [wholeOf('from', from, -1), wholeOf('size', size, 100)];
    return fromLog(found.number, await this.sessions.log(found), first, many);
  }

  @ApiOperation({ summary: 'End it, with what runs in it, and forget it' })
  @Delete(':id')
  async remove(@Asker() actor: Actor, @Param('id') id: string) {
    await this.sessions.remove(actor, id);
    return { msg: 'deleted' };
  }

  @ApiOperation({ summary: 'Use it: the idle timeout starts again' })
  @Post(':id/connect')
  @HttpCode(200)
  async connect(@Asker() actor: Actor, @Param('id') id: string) {
    await this.sessions.use(actor, id, 'keep it alive');
    return this.sessions.shown(await this.sessions.find(actor, id));
  }

  @ApiOperation({ summary: 'What could stand at the cursor' })
  @ApiBody({ type: CompletionRequest })
  @Post(':id/completion')
  @HttpCode(200)
  complete(@Asker() actor: Actor, @Param('id') id: string, @Body() body: unknown) {
    return this.statements.complete(actor, id, readBody(CompletionRequest, body));
  }

  @ApiOperation({ summary: 'End it, but show it as dead for a while' })
  @Post(':id/stop')
  @HttpCode(204)
  async stop(@Asker() actor: Actor, @Param('id') id: string): Promise<void> {
    await this.sessions.stop(actor, id);
  }

  @ApiOperation({ summary: 'The same as stop' })
  @Post(':id/interrupt')
  @HttpCode(200)
  async interrupt(@Asker() actor: Actor, @Param('id') id: string) {
    await this.sessions.stop(actor, id);
    return { msg: 'interrupted' };
  }

  @ApiOperation({ summary: 'Refused: jobs of the programmatic clients are not run here' })
  @Post(jobCalls)
  submitJob(@Asker() actor: Actor, @Param('id') id: string) {
    return this.refuseJobs(actor, id);
  }

  @ApiOperation({ summary: 'Refused: jobs of the programmatic clients are not run here' })
  @Get(':id/jobs/:job')
  job(@Asker() actor: Actor, @Param('id') id: string) {
    return this.refuseJobs(actor, id);
  }

  private async refuseJobs(actor: Actor, id: string): Promise<never> {
    const { number } = await this.sessions.find(actor, id);
    throw new BadRequestException(
      `The job API of Livy's programmatic clients is not served here. Post code to /sessions/${number}/statements, and name files and jars when you create the session.`,
    );
  }
}

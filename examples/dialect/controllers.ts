import {
  BadRequestException,
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { CurrentActor } from '../../src/auth/token.guard.js';
import { actorName, type Actor } from '../../src/kernel/access/access.js';
import { seconds } from '../../src/kernel/time.js';
import { Commands } from '../../src/scheduler/commands.service.js';
import { JobsService } from '../../src/scheduler/jobs.service.js';
import { STORE, type Store } from '../../src/scheduler/ports.js';
import { SessionsService } from '../../src/scheduler/sessions.service.js';
import { ionqJobs } from './tables.js';
import { CreateJobRequest, CreateSessionRequest, fromJob, fromSession, statusOf } from './wire.js';

export const SETTINGS = Symbol('IonqSettings');

const noDetails = {
  ...{ tags: [], logLevel: 'warning', private: false, calibrationId: null, runtime: null, cost: null },
};

@ApiExcludeController()
@Controller('ionq/v0.4/jobs')
export class IonqJobsController {
  constructor(
    private readonly commands: Commands,
    private readonly jobs: JobsService,
    @Inject(STORE) private readonly store: Store,
    @Inject(SETTINGS) private readonly settings: { readonly program: string },
  ) {}

  /** Stores the job and the dialect's own row in one transaction. */
  @Post()
  async create(@CurrentActor() actor: Actor, @Body() body: CreateJobRequest) {
    const { input, backend, session_id, type, shots, name, metadata, settings } = body;
    const job = await this.commands.run(async (unit) => {
      const made = await this.jobs.submitIn(unit, actor, {
        ...{ program: this.settings.program, backend, session: session_id, maxExecutionTime: undefined },
        ...{ params: JSON.stringify({ ...input, shots }), details: noDetails },
      });
      await ionqJobs(unit.tx).insert(made.id, { type, shots, name, metadata, settings });
      return made;
    }, actorName(actor));
    return { id: job.id, status: statusOf(job), session_id: job.session };
  }

  @Get(':id')
  async get(@CurrentActor() actor: Actor, @Param('id') id: string) {
    const job = await this.jobs.get(actor, id);
    const request = await ionqJobs(this.store.read).find(id);
    // A job that was submitted through another dialect has no row here.
    return fromJob(job, request ?? { type: 'ionq.circuit.v1', shots: 0 });
  }

  @Put(':id/status/cancel')
  async cancel(@CurrentActor() actor: Actor, @Param('id') id: string) {
    await this.jobs.cancel(actor, id);
    return { id, status: 'canceled' };
  }
}

@ApiExcludeController()
@Controller('ionq/v0.4/sessions')
export class IonqSessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Post()
  async open(@CurrentActor() actor: Actor, @Body() { backend, settings }: CreateSessionRequest) {
    const minutes = settings?.duration_limit_min;
    if (minutes !== undefined && !(Number.isInteger(minutes) && Number(minutes) > 0))
      throw new BadRequestException('settings.duration_limit_min must be a whole number of minutes.');
    const maxTtl = minutes === undefined ? undefined : seconds(60 * Number(minutes));
    return fromSession(await this.sessions.open(actor, { mode: 'dedicated', backend, maxTtl }));
  }

  @Get(':id')
  async get(@CurrentActor() actor: Actor, @Param('id') id: string) {
    return fromSession(await this.sessions.get(actor, id));
  }

  @Post(':id/end')
  @HttpCode(200)
  async end(@CurrentActor() actor: Actor, @Param('id') id: string) {
    await this.sessions.close(actor, id);
    return fromSession(await this.sessions.get(actor, id));
  }
}

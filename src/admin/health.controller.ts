import { Controller, Get, HttpCode, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/token.guard.js';
import { ApiError } from '../dialects/qiskit-runtime/api-errors.js';
import { DISK, type Disk } from '../scheduler/disk.ports.js';
import { STORE, type Store } from '../scheduler/ports.js';

const ok = { schema: { type: 'object', properties: { status: { type: 'string', enum: ['ok'] } } } };
const unavailable = {
  description: 'The service is running, but cannot store anything',
  schema: {
    type: 'object',
    required: ['status', 'reason'],
    properties: { status: { type: 'string', enum: ['unavailable'] }, reason: { type: 'string' } },
  },
};

@ApiTags('health')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(DISK) private readonly disk: Disk,
  ) {}

  @ApiOperation({ summary: 'Check that the process is running' })
  @ApiOkResponse(ok)
  @Get('live')
  @HttpCode(200)
  live() {
    return { status: 'ok' };
  }

  @ApiOperation({ summary: 'Check that the database can be read and the disk has free space' })
  @ApiOkResponse(ok)
  @ApiServiceUnavailableResponse(unavailable)
  @ApiError(500, 'The database cannot be read (1000)')
  @Get('ready')
  @HttpCode(200)
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    await this.store.read.backends();
    const reason = await this.disk.trouble();
    if (reason === null) return { status: 'ok' };
    void reply.status(503);
    return { status: 'unavailable', reason };
  }
}

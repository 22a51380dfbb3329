import { Controller, Get, HttpCode, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Open } from '../auth/token.guard.js';
import { ApiError } from '../dialects/qiskit-runtime/api-errors.js';
import { STORE, type Store } from '../scheduler/ports.js';

const ok = { schema: { type: 'object', properties: { status: { type: 'string', enum: ['ok'] } } } };

@ApiTags('health')
@Open()
@Controller('health')
export class HealthController {
  constructor(@Inject(STORE) private readonly store: Store) {}

  @ApiOperation({ summary: 'The process answers' })
  @ApiOkResponse(ok)
  @Get('live')
  @HttpCode(200)
  live() {
    return { status: 'ok' };
  }

  @ApiOperation({ summary: 'The database answers too' })
  @ApiOkResponse(ok)
  @ApiError(500, 'The database does not answer (1000)')
  @Get('ready')
  @HttpCode(200)
  async ready() {
    await this.store.read.backends();
    return { status: 'ok' };
  }
}

import { Controller, Get, HttpCode, Inject } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Open } from '../auth/token.guard.js';
import { STORE, type Store } from '../scheduler/ports.js';

@ApiTags('health')
@Open()
@Controller('health')
export class HealthController {
  constructor(@Inject(STORE) private readonly store: Store) {}

  @ApiOperation({ summary: 'The process answers' })
  @Get('live')
  @HttpCode(200)
  live() {
    return { status: 'ok' };
  }

  @ApiOperation({ summary: 'The database answers too' })
  @Get('ready')
  @HttpCode(200)
  async ready() {
    await this.store.read.backends();
    return { status: 'ok' };
  }
}

import { Controller, Get, Header, Redirect, Req } from '@nestjs/common';
import {
  ApiBasicAuth,
  ApiBearerAuth,
  ApiFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public } from '../../auth/token.guard.js';
import { prefixOf } from './http.js';

/**
 * The answer to `GET /version`. pylivy compares the parts of the version as strings, so 0.10 would be older than 0.5
 * (Livy dialect, version).
 */
const version = {
  version: '0.9.0-stint',
  user: 'stint',
  revision: '',
  branch: '',
  date: '',
  url: '',
};

const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Stint: Livy</title>
<h1>Stint</h1><p>Interactive Spark sessions over Livy's REST interface: <code>sessions</code>, <code>batches</code>,
<code>version</code>.</p></html>`;

@ApiTags('livy')
@Controller('livy')
export class LivyRootController {
  @ApiOperation({ summary: 'Redirect to the page for browsers' })
  @ApiFoundResponse({ description: 'Redirect to the page for browsers' })
  @Public()
  @Get()
  @Redirect()
  root(@Req() request: FastifyRequest) {
    return { url: `${prefixOf(request)}/ui`, statusCode: 302 };
  }

  @ApiOperation({ summary: 'Get a page for people who open this address in a browser' })
  @ApiOkResponse({ content: { 'text/html': { schema: { type: 'string' } } } })
  @Public()
  @Get('ui')
  @Header('content-type', 'text/html; charset=utf-8')
  ui(): string {
    return page;
  }

  @ApiOperation({ summary: 'Get the version of the API' })
  @ApiBasicAuth()
  @ApiBearerAuth()
  @Get('version')
  version() {
    return version;
  }
}

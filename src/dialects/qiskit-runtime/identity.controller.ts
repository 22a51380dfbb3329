import { Body, Controller, Get, HttpCode, Post, UnauthorizedException } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentActor, Public } from '../../auth/token.guard.js';
import { TokensService } from '../../auth/tokens.service.js';
import type { Actor } from '../../kernel/access/access.js';
import { InstancesService } from '../../scheduler/instances.service.js';
import { BearerAnswer, InstancesFoundAnswer } from './answers.dto.js';
import { ApiError, ApiTokenErrors } from './api-errors.js';

/** The calls that the client makes to IBM's cloud before it uses the runtime (dialect, IAM and instance discovery). */
@ApiTags('identity')
@Controller()
export class IdentityController {
  constructor(
    private readonly tokens: TokensService,
    private readonly instances: InstancesService,
  ) {}

  @ApiOperation({ summary: 'Exchange an API token for a bearer token of one hour' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({
    schema: {
      type: 'object',
      required: ['apikey'],
      properties: { apikey: { type: 'string', description: 'An API token' } },
    },
  })
  @ApiOkResponse({ type: BearerAnswer })
  @ApiError(401, 'No such API token (3407)')
  @Public()
  @Post('identity/token')
  @HttpCode(200)
  async token(@Body() form: Record<string, unknown>): Promise<BearerAnswer> {
    const apikey = form?.['apikey'];
    const bearer = typeof apikey === 'string' ? await this.tokens.exchange(apikey) : null;
    if (bearer === null) throw new UnauthorizedException('Provided API key could not be found.');
    return {
      access_token: bearer.accessToken,
      refresh_token: 'not_supported',
      token_type: 'Bearer',
      expires_in: bearer.expiresIn,
      expiration: bearer.expiration,
      scope: 'ibm openid',
    };
  }

  @ApiOperation({ summary: 'List the instances that this token may use' })
  @ApiBearerAuth()
  @ApiOkResponse({ type: InstancesFoundAnswer })
  @ApiTokenErrors()
  @Post(['v3/resources/search', 'search/v3/resources/search'])
  @HttpCode(200)
  async search(@CurrentActor() actor: Actor): Promise<InstancesFoundAnswer> {
    const visible = actor.role === 'admin' ? await this.instances.list() : [actor.instance];
    const items = visible.map(({ crn, name }) => ({
      crn,
      name,
      service_plan_unique_id: 'stint',
      // The client ignores items without extensions.
      doc: { extensions: { stint: true } },
      tags: [] as string[],
    }));
    return { items, limit: items.length };
  }

  @ApiOperation({ summary: 'Get the plan; there is only one' })
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true } })
  @Public()
  @Get(['catalog/api/v1/:plan', 'globalcatalog/api/v1/:plan'])
  plan() {
    return {
      id: 'stint',
      overview_ui: { en: { display_name: 'Stint' } },
      metadata: { pricing: { type: 'free' } },
    };
  }
}

import { Controller, Get, Headers, Inject, Param, Query, Req } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CurrentActor } from '../../auth/token.guard.js';
import type { Actor } from '../../kernel/access/access.js';
import { refuseNearNames } from './ignored-members.js';
import { QiskitError } from './refusal-kinds.js';
import { BackendsService } from '../../scheduler/backends.service.js';
import { EstimatesService } from '../../scheduler/estimates.service.js';
import { InstancesService } from '../../scheduler/instances.service.js';
import { DEVICES, type Device, type Devices } from '../../scheduler/devices.ports.js';
import { BackendStatusAnswer, DeviceNamesAnswer, DevicesAnswer, InstanceUsageAnswer } from './answers.dto.js';
import { timeRule, readInstant } from '../instant.js';
import { ApiRefusals, ApiTokenErrors } from './api-errors.js';
import { mounts } from './mounts.js';
import { fromBackend, statusOf, usageOfInstance } from './wire.js';

/** The first API version whose clients read devices as objects. Older clients expect plain names. */
const devicesAsObjects = '2025-01-01';
/** The API version of clients that send none. */
const oldestVersion = '2024-01-01';

@ApiTags('backends')
@ApiBearerAuth()
@ApiTokenErrors()
@Controller({ path: mounts('') })
export class BackendsController {
  constructor(
    private readonly backends: BackendsService,
    private readonly instances: InstancesService,
    private readonly estimates: EstimatesService,
    @Inject(DEVICES) private readonly devices: Devices,
  ) {}

  @ApiOperation({
    summary: 'List the quantum backends with status, queue, and how long a job of yours would wait',
  })
  @ApiHeader({
    name: 'ibm-api-version',
    required: false,
    description: 'Without it, or with a date before 2025-01-01, the answer has only names',
    schema: { type: 'string', format: 'date' },
  })
  @ApiExtraModels(DevicesAnswer, DeviceNamesAnswer)
  @ApiOkResponse({
    schema: { oneOf: [DevicesAnswer, DeviceNamesAnswer].map((type) => ({ $ref: getSchemaPath(type) })) },
  })
  @ApiRefusals(['invalid_value'])
  @Get('backends')
  async list(@CurrentActor() actor: Actor, @Headers('ibm-api-version') version = oldestVersion) {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(version) || Number.isNaN(Date.parse(version)))
      throw new QiskitError(
        'invalid_value',
        `The header IBM-API-Version must be a date such as 2026-04-15, not "${version.slice(0, 40)}".`,
      );
    // Leave out other backends: the client drops them with a warning at every listing.
    const quantum = (await this.backends.list()).flatMap((backend) => {
      const device = this.devices.of(backend);
      return device === null ? [] : [{ backend, device }];
    });
    if (version < devicesAsObjects) return { devices: quantum.map(({ backend }) => backend.name) };
    const devices = quantum.map(async ({ backend, device }) =>
      fromBackend(backend, device, await this.estimates.ofBackend(backend, actor.instance.id)),
    );
    return { devices: await Promise.all(devices) };
  }

  @ApiOperation({ summary: 'Get the configuration of the device: gates, couplings, limits' })
  @ApiRefusals(['invalid_value', 'unknown_backend'])
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true } })
  @Get('backends/:name/configuration')
  async configuration(
    @Param('name') name: string,
    @Query('calibration_id') calibration: string | undefined,
    @Req() request: FastifyRequest,
  ) {
    refuseNearNames(request.query, ['calibration_id']);
    refuseRepeated(request.query);
    return (await this.device(name, calibration)).configuration;
  }

  @ApiOperation({ summary: 'Get the calibration of the device: errors, times, frequencies' })
  @ApiRefusals(['invalid_value', 'unknown_backend'])
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true } })
  @Get('backends/:name/properties')
  async properties(
    @Param('name') name: string,
    @Query('updated_before') before: string | undefined,
    @Query('calibration_id') calibration: string | undefined,
    @Req() request: FastifyRequest,
  ) {
    refuseNearNames(request.query, ['updated_before', 'calibration_id']);
    refuseRepeated(request.query);
    const { properties } = await this.device(name, calibration);
    if (before === undefined) return properties;
    const at = readInstant(before);
    if (at === null) throw new QiskitError('invalid_value', `updated_before ${timeRule}.`);
    const updated = readInstant(String(properties['last_update_date']));
    return updated !== null && updated > at ? {} : properties;
  }

  @ApiOperation({
    summary: 'Get whether the backend runs jobs, how many wait, and how long a job of yours would wait',
  })
  @ApiRefusals(['unknown_backend'])
  @ApiOkResponse({ type: BackendStatusAnswer })
  @Get('backends/:name/status')
  async status(@CurrentActor() actor: Actor, @Param('name') name: string): Promise<BackendStatusAnswer> {
    const backend = await this.backends.get(name);
    const estimate = await this.estimates.ofBackend(backend, actor.instance.id);
    return statusOf(backend, this.devices.of(backend), estimate);
  }

  @ApiOperation({ summary: 'Get the usage of your instance in the fair-share window' })
  @ApiOkResponse({ type: InstanceUsageAnswer })
  @Get('instances/usage')
  async usage(@CurrentActor() actor: Actor): Promise<InstanceUsageAnswer> {
    const { id } = actor.instance;
    return usageOfInstance(await this.instances.get(id), await this.instances.charged(id));
  }

  private async device(name: string, calibration: string | undefined): Promise<Device> {
    const device = this.devices.of(await this.backends.get(name));
    if (device === null) {
      throw new QiskitError(
        'unknown_backend',
        `Backend ${name} is no quantum device and has no configuration.`,
      );
    }
    if (calibration !== undefined) {
      throw new QiskitError(
        'invalid_value',
        `Backend ${name} has no calibration ${calibration}.`,
        'Leave calibration_id out.',
      );
    }
    return device;
  }
}

/** Refuses a parameter that is sent more than once, because it is unclear which value is meant. */
function refuseRepeated(query: unknown): void {
  for (const [name, value] of Object.entries((query ?? {}) as object))
    if (Array.isArray(value))
      throw new QiskitError(
        'invalid_value',
        `${name.slice(0, 40)} was sent ${value.length} times. Send it once.`,
      );
}

import { ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import type { ValidationError, ValidatorOptions } from 'class-validator';
import { BackendConfig } from '../config/config.schema.js';
import { mistakesIn } from '../config/mistakes.js';
import { unescapeInherited, unescapeInMessage, escapeInherited } from '../kernel/inherited-names.js';
import * as requests from './requests.dto.js';

/**
 * Request classes that reject unknown members: an unknown member of an operator's request is a typo. Clients of the
 * dialects may be newer than this service, so their unknown members are ignored.
 */
const strict: ReadonlySet<unknown> = new Set([BackendConfig, ...Object.values(requests)]);

/** Validates every request and converts it to its class. */
export class RequestValidation extends ValidationPipe {
  constructor() {
    // The messages need target and value to list missing and known members. Answers contain the messages only.
    super({ transform: true, whitelist: true, validationError: { target: true, value: true } });
  }

  // The base class would silently drop members that are named like inherited ones, such as `constructor`.
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // Parameters of the dialects' own decorators are not client input.
    if (metadata.type === 'custom') return super.transform(value, metadata);
    const safe = escapeInherited(value);
    const result: unknown = await super.transform(safe, metadata);
    // Dialects that parse their bodies themselves get them unchanged.
    if (result === safe) return value;
    if (safe === value || typeof result !== 'object' || result === null) return result;
    for (const [name, member] of Object.entries(result))
      Object.assign(result, { [name]: unescapeInherited<unknown>(member) });
    return result;
  }

  // Bodies are parsed from JSON text (see `body-parser.ts`), which can contain neither array gaps nor binary values.
  // Searching for them would cost more than validating a small body.
  protected override closeArrayGaps(): void {}
  protected override findNestedBinaryValues(): ValidationError[] {
    return [];
  }

  protected override validate(request: object, options?: ValidatorOptions) {
    return super.validate(request, { ...options, forbidNonWhitelisted: strict.has(request.constructor) });
  }

  protected override flattenValidationErrors(errors: ValidationError[]): string[] {
    return errors.flatMap((error) => mistakesIn(error).map(unescapeInMessage));
  }
}

import { ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import type { ValidationError, ValidatorOptions } from 'class-validator';
import { BackendConfig } from '../config/config.schema.js';
import { mistakesIn } from '../config/mistakes.js';
import { putBack, readable, setAside } from '../kernel/inherited-names.js';
import * as requests from './requests.dto.js';

/** What operators send. Clients of the dialects may be of another age and send more than we know; an operator has misspelt it. */
const strict: ReadonlySet<unknown> = new Set([BackendConfig, ...Object.values(requests)]);

/** Checks and converts every request by its class. */
export class RequestValidation extends ValidationPipe {
  constructor() {
    // The messages name what is missing and what is known; only they go into an answer.
    super({ transform: true, whitelist: true, validationError: { target: true, value: true } });
  }

  // It would strip what is called `constructor` without a word.
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // What the dialects' own decorators make is no request's text.
    if (metadata.type === 'custom') return super.transform(value, metadata);
    const sent = setAside(value);
    const read: unknown = await super.transform(sent, metadata);
    // Dialects that read their bodies themselves get them as they came.
    if (read === sent) return value;
    if (sent === value || typeof read !== 'object' || read === null) return read;
    for (const [name, member] of Object.entries(read))
      Object.assign(read, { [name]: putBack<unknown>(member) });
    return read;
  }

  // Bodies are read from JSON text (see `body-parser.ts`), which can say neither of the two: looking for them costs more than
  // checking a small body.
  protected override closeArrayGaps(): void {}
  protected override findNestedBinaryValues(): ValidationError[] {
    return [];
  }

  protected override validate(request: object, options?: ValidatorOptions) {
    return super.validate(request, { ...options, forbidNonWhitelisted: strict.has(request.constructor) });
  }

  protected override flattenValidationErrors(errors: ValidationError[]): string[] {
    return errors.flatMap((error) => mistakesIn(error).map(readable));
  }
}

import { ValidationPipe } from '@nestjs/common';
import { getMetadataStorage, type ValidationError, type ValidatorOptions } from 'class-validator';
import { BackendConfig } from '../config/config.schema.js';
import * as requests from './requests.dto.js';

/** What operators send. Clients of the dialects may be of another age and send more than we know; an operator has misspelt it. */
const strict: ReadonlySet<unknown> = new Set([BackendConfig, ...Object.values(requests)]);

/** Checks and converts every request by its class. */
export class RequestValidation extends ValidationPipe {
  constructor() {
    super({ transform: true, whitelist: true });
  }

  // Bodies are read from JSON text (see `body-parser.ts`), which can say neither of the two: looking for them costs more than
  // checking a small body.
  protected override closeArrayGaps(): void {}
  protected override findNestedBinaryValues(): ValidationError[] {
    return [];
  }

  protected override async validate(request: object, options?: ValidatorOptions): Promise<ValidationError[]> {
    const forbidNonWhitelisted = strict.has(request.constructor);
    const errors = await super.validate(request, {
      ...options,
      forbidNonWhitelisted,
      // For the names that the class has; only messages go into an answer.
      validationError: { target: true },
    });
    errors.forEach(nameKnown);
    return errors;
  }
}

/** "should not exist" does not say what should. */
function nameKnown({ constraints, property, target, children }: ValidationError): void {
  if (constraints?.['whitelistValidation'] !== undefined && target !== undefined) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(target.constructor, '', true, false);
    const known = [...new Set(rules.map(({ propertyName }) => propertyName))];
    constraints['whitelistValidation'] = `${property} is not known here; known are: ${known.join(', ')}`;
  }
  children?.forEach(nameKnown);
}

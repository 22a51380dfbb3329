import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { refusalKinds, type RefusalKind } from './refusal-kinds.js';

class ErrorDetail {
  @ApiProperty({ description: "IBM's error code, if its registry has one" }) code!: number;
  @ApiProperty({ description: 'A sentence that says what is wrong' }) message!: string;
  @ApiProperty({ required: false, description: 'How to fix it' }) solution?: string;
}

/** The answer to every call that fails. */
export class ErrorAnswer {
  @ApiProperty({ type: [ErrorDetail] }) errors!: ErrorDetail[];
  @ApiProperty({ description: 'Identifies the error in the log of the service' }) trace!: string;
}

const inShape = {
  content: { 'application/json': { schema: { $ref: getSchemaPath(ErrorAnswer) } } },
};
const answer = (status: number, description: string) => ApiResponse({ status, description, ...inShape });

/** Describes an error that is not a refusal of the kernel. */
export const ApiError = (status: number, description: string) =>
  applyDecorators(ApiExtraModels(ErrorAnswer), answer(status, description));

/** Describes the errors of all calls that need a token, for a whole controller. */
export const ApiTokenErrors = (forbidden = 'The Service-CRN is not that of the token (2409)') =>
  applyDecorators(
    ApiExtraModels(ErrorAnswer),
    answer(401, 'No token, or one that is unknown, expired or revoked (3407)'),
    answer(403, forbidden),
  );

/** Describes the refusals of a call. `submits` is true for `POST /jobs` and `POST /sessions`. */
export function ApiRefusals(kinds: readonly RefusalKind[], { submits = false } = {}) {
  const byStatus = new Map<number, string[]>();
  for (const kind of kinds) {
    const [defaultStatus, number, onSubmit] = refusalKinds[kind] as readonly [number, number, number?];
    const status = submits ? (onSubmit ?? defaultStatus) : defaultStatus;
    byStatus.set(status, [...(byStatus.get(status) ?? []), `${kind.replaceAll('_', ' ')} (${number})`]);
  }
  return applyDecorators(
    ApiExtraModels(ErrorAnswer),
    ...[...byStatus].map(([status, reasons]) => answer(status, reasons.join(', '))),
    ...(submits
      ? [
          answer(413, 'The body is larger than 65 MiB (1001)'),
          answer(507, 'The disk of the data folder is full (1000)'),
        ]
      : []),
  );
}

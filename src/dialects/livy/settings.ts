import { Type } from 'class-transformer';
import { IsInt, IsObject, IsOptional, IsString, Max, Min, MinLength, ValidateNested } from 'class-validator';
import { isLoopback, type Section } from '../../config/section.js';

class AnonymousConfig {
  @IsString() @MinLength(1) user = 'anonymous';
  @IsString() @MinLength(1) instance = 'default';
}

/** The section `livy` of the configuration file. */
export class LivyConfig {
  /** A port for Livy alone, besides `/livy` on the service's main port. */
  @IsOptional() @IsInt() @Min(0) @Max(65535) port?: number;
  @IsString() host = '127.0.0.1';
  /** The token used for requests without credentials on that port. */
  @IsOptional() @IsString() @MinLength(32) token?: string;
  /** User and instance of requests without credentials on that port, which must be on loopback. */
  @IsOptional() @IsObject() @ValidateNested() @Type(() => AnonymousConfig) anonymous?: AnonymousConfig;
  /** Backend of sessions and batches that name none. */
  @IsOptional() @IsString() backend?: string;
  /** Seconds that a session or batch is shown after its end. */
  @IsInt() @Min(1) state_retain = 600;
}

export const livySection: Section<LivyConfig> = {
  name: 'livy',
  schema: LivyConfig,
  mistakes({ port, host, token, anonymous }) {
    const wrong: string[] = [];
    if (token !== undefined && anonymous !== undefined)
      wrong.push('livy: token and anonymous exclude each other.');
    if (anonymous !== undefined && !isLoopback(host))
      wrong.push(
        `livy: anonymous is for loopback only; livy.host is ${host}, use 127.0.0.1 or bind a token.`,
      );
    if ((token ?? anonymous) !== undefined && port === undefined)
      wrong.push('livy: token and anonymous act on the port of livy.port, which is missing.');
    return wrong;
  },
  secrets: ({ token }) => (token === undefined ? [] : ['token']),
};

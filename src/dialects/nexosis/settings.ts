import { IsArray, IsInt, IsString, Max, Min } from 'class-validator';
import type { Section } from '../../config/section.js';

/** The section `nexosis` of the configuration file. */
export class NexosisConfig {
  @IsInt() @Min(1024) @Max(512e6) body_limit = 50_000_000;
  @IsArray() @IsString({ each: true }) private_hosts: string[] = [];
  @IsArray() @IsString({ each: true }) import_hosts: string[] = [];
}

export const nexosisSection: Section<NexosisConfig> = { name: 'nexosis', schema: NexosisConfig };

/** The settings of this dialect. */
export interface NexosisSettings {
  /** The service's data folder, with the learner's files and the models below it. */
  readonly data: string;
  /** Largest body of an upload, in bytes. */
  readonly bodyLimit: number;
  /** Hosts, or `*` for all, that webhooks and imports may reach although their address is private. */
  readonly privateHosts: readonly string[];
  /** Hosts, or `*` for all, that imports may fetch data from. */
  readonly importHosts: readonly string[];
}
export const NEXOSIS = Symbol('NexosisSettings');

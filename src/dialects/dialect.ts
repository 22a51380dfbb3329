import type { IncomingMessage, RequestListener } from 'node:http';
import type { ExceptionFilter, INestApplicationContext, Provider, Type } from '@nestjs/common';
import type { DocumentBuilder } from '@nestjs/swagger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { MigrationInterface } from 'typeorm';
import type { CredentialReader } from '../auth/credentials.js';
import type { Section } from '../config/section.js';
import type { Store } from '../scheduler/ports.js';

/**
 * A wire protocol as a value: all that the service needs to know about it. A dialect is one folder with such a value
 * and one entry in the list of `app.module`; nothing else names it. `S` is the type of its section of the configuration
 * file.
 */
export interface Dialect<S extends object = object> {
  /** The name in keys of the log. */
  readonly name: string;
  /** The name that people read. */
  readonly title: string;

  // --- Requests and answers -----------------------------------------------------------------------------------------

  /** Returns whether a URL belongs to this dialect. The first dialect of the list that owns a URL handles it. */
  owns(url: string): boolean;
  /** Returns the URL in the form of the routes. Runs for every request before routing, and may change the method. */
  rewrite?(request: IncomingMessage): string;
  /** Reads the credentials that this dialect's clients send. They are accepted on every URL, as bearer tokens are. */
  readonly credentials?: CredentialReader;
  /** Reads the body that controllers receive. Rejects with an error for the client if the body is not acceptable. */
  readBody(request: FastifyRequest, payload: IncomingMessage, own: DialectConfig<S>): Promise<unknown>;
  /** Answers errors, including those that occur before a controller of the dialect runs. */
  readonly errors: ExceptionFilter;
  /** Returns the body of an error answer to input that is not a complete HTTP request. */
  errorBody(problem: ConnectionError): object;
  /** Returns the path as the client wrote it if the request came to the dialect's own port, else null. */
  pathOnOwnPort?(request: FastifyRequest): string | null;
  /** Additions to the OpenAPI document. */
  readonly api?: ApiDescription;

  // --- Parts --------------------------------------------------------------------------------------------------------

  readonly controllers: readonly Type[];
  providers?(own: DialectConfig<S>): readonly Provider[];
  /** The dialect's section of the configuration file. */
  readonly settings?: Section<S>;
  /** The dialect's own tables. It reads and changes them through `Query`. */
  readonly tables?: Tables;

  // --- Start of the service -----------------------------------------------------------------------------------------

  /** Installs hooks that run before any route. */
  install?(fastify: FastifyInstance, own: DialectConfig<S> & { readonly store: Store }): void;
  /**
   * Resumes unfinished work of the last run. The service calls this after the scheduler's recovery, before it listens.
   */
  resumeWork?(app: INestApplicationContext): Promise<void>;
  /** Opens the dialect's own port; null if it has none. */
  listen?(host: Host, own: DialectConfig<S>): Promise<OwnPort | null>;
}

/** The part of the configuration that a dialect receives. */
export interface DialectConfig<S extends object = object> {
  readonly settings: S;
  /** Path of the data folder. */
  readonly data: string;
}

/** An error on a connection that sent no complete HTTP request. */
export interface ConnectionError {
  /** HTTP status of the answer. */
  readonly status: number;
  readonly message: string;
  /** Identifies the error in the log. */
  readonly trace: string;
}

/**
 * Tables of a dialect. Each entity describes one table with types that every database has. The migrations create the
 * tables in SQLite; a store on another database creates them from the entities.
 */
export interface Tables {
  readonly entities: readonly (new () => object)[];
  readonly migrations: readonly (new () => MigrationInterface)[];
}

/** The parts of the service that a dialect with its own port uses. */
export interface Host {
  readonly app: INestApplicationContext;
  readonly fastify: FastifyInstance;
  /** Opens a port, with TLS if the service has it. `keys` are the configuration keys of both, for error messages. */
  listen(
    answer: RequestListener,
    place: {
      readonly host: string;
      readonly port: number;
      readonly keys: { readonly host: string; readonly port: string };
    },
  ): Promise<OwnPort>;
}

export interface OwnPort {
  readonly url: string;
  close(): Promise<void>;
}

/** Parts of the OpenAPI document that the decorators of the controllers do not express. */
export interface ApiDescription {
  /** Adds the dialect's security schemes. */
  security?(document: DocumentBuilder): void;
  /** Name of the schema of an error. */
  readonly error: string;
  /** Names of the schemas of successful answers by route; other routes answer an object without a schema. */
  readonly answers: readonly (readonly [route: RegExp, schema: string])[];
  readonly schemas: Readonly<Record<string, object>>;
  /** Descriptions of the common refusals by status. */
  readonly refusalDescriptions: Readonly<Record<400 | 401 | 403 | 404, string>>;
  /** Descriptions by status that apply only to some routes. */
  readonly extraDescriptions: readonly (readonly [route: RegExp, Readonly<Record<number, string>>])[];
  /** Whether bodies may have numbers in the place of strings and strings in the place of numbers. */
  readonly convertsScalars?: true;
}

export const DIALECTS = Symbol('Dialects');

/** Returns the dialect that handles a URL: the first that owns it, else the last of the list. */
export function dialectOf(dialects: readonly Dialect[], url: string): Dialect {
  const owner = dialects.find((each) => each.owns(url)) ?? dialects.at(-1);
  if (owner === undefined) throw new Error('There is no dialect.');
  return owner;
}

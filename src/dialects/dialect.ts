import type { IncomingMessage, RequestListener } from 'node:http';
import type { ExceptionFilter, INestApplicationContext, Provider, Type } from '@nestjs/common';
import type { DocumentBuilder } from '@nestjs/swagger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { MigrationInterface } from 'typeorm';
import type { CredentialReader } from '../auth/credentials.js';
import type { Section } from '../config/section.js';
import type { Store } from '../scheduler/ports.js';

/**
 * One wire protocol as a value: everything that the service needs to know of it. A dialect is a folder with such a value,
 * and stands once in the list of `app.module`; nothing else names it. `S` is its section of the configuration file.
 */
export interface Dialect<S extends object = object> {
  /** In keys of the log. */
  readonly name: string;
  /** For people. */
  readonly title: string;

  // --- Requests and answers -------------------------------------------------------------------------------------------

  /** Whether a request to this address is in this dialect. Dialects are asked in the order of their list. */
  owns(url: string): boolean;
  /** The address as the routes are written. Runs for every request before its route is found, and may change its method. */
  rewrite?(request: IncomingMessage): string;
  /** A way to say who asks that only this dialect's clients know. It counts on every address, beside bearer tokens. */
  readonly credentials?: CredentialReader;
  /** What the controllers get as the body. Rejects with what is wrong with it. */
  readBody(request: FastifyRequest, payload: IncomingMessage, own: Own<S>): Promise<unknown>;
  /** How an error is answered, also where no controller of the dialect was reached. */
  readonly errors: ExceptionFilter;
  /** The body of an answer to what is no request that a route could be looked for. */
  explain(problem: Problem): object;
  /** The path as its client wrote it, if the request came to a port of the dialect's own; else null. */
  pathOnOwnPort?(request: FastifyRequest): string | null;
  /** For the description of the API. */
  readonly api?: ApiDescription;

  // --- Parts ------------------------------------------------------------------------------------------------------------

  readonly controllers: readonly Type[];
  providers?(own: Own<S>): readonly Provider[];
  /** Its section of the configuration file. */
  readonly settings?: Section<S>;
  /** What it keeps in the database. It reads and changes these tables through `Query`. */
  readonly tables?: Tables;

  // --- With the service -------------------------------------------------------------------------------------------------

  /** Hooks that hold before any route. */
  install?(fastify: FastifyInstance, own: Own<S> & { readonly store: Store }): void;
  /** Goes on with what the last run of the service left: after the scheduler has recovered, before the service listens. */
  begin?(app: INestApplicationContext): Promise<void>;
  /** Opens a port of its own; null without one. */
  listen?(host: Host, own: Own<S>): Promise<OwnPort | null>;
}

/** What a dialect is told of the configuration. */
export interface Own<S extends object = object> {
  readonly settings: S;
  /** The data folder. */
  readonly data: string;
}

export interface Problem {
  readonly status: number;
  readonly message: string;
  /** Names the request in the log. */
  readonly trace: string;
}

/**
 * Tables and what makes them. Each entity describes one table, in types that every database has; the migrations bring an
 * SQLite database to that form. A store on another database makes the tables from the entities.
 */
export interface Tables {
  readonly entities: readonly (new () => object)[];
  readonly migrations: readonly (new () => MigrationInterface)[];
}

/** The service, as far as a dialect with a port of its own needs it. */
export interface Host {
  readonly app: INestApplicationContext;
  readonly fastify: FastifyInstance;
  /** Listens, with TLS where the service has it. `keys` is what the two are called where they are configured. */
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

/** What the decorators of the controllers do not say. */
export interface ApiDescription {
  /** Adds its ways to authenticate. */
  security?(about: DocumentBuilder): void;
  /** Names of the schema of an error and of the schemas of answers; anything else is some object. */
  readonly error: string;
  readonly answers: readonly (readonly [route: RegExp, schema: string])[];
  readonly schemas: Readonly<Record<string, object>>;
  /** How a call may be refused, in the words of the dialect. */
  readonly words: Readonly<Record<400 | 401 | 403 | 404, string>>;
  /** What only some calls answer. */
  readonly own: readonly (readonly [route: RegExp, Readonly<Record<number, string>>])[];
  /** Bodies may have numbers for texts and texts for numbers. */
  readonly scalars?: true;
}

export const DIALECTS = Symbol('Dialects');

/** Whose an address is: the last of the list answers where no other does. */
export function ownerOf(dialects: readonly Dialect[], url: string): Dialect {
  const owner = dialects.find((each) => each.owns(url)) ?? dialects.at(-1);
  if (owner === undefined) throw new Error('There is no dialect.');
  return owner;
}

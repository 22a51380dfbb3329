import type { IncomingHttpHeaders } from 'node:http';

/** What a request carries to show who asks. */
export interface Credential {
  /** A token; empty where there is none. */
  readonly secret: string;
  /** The header it came in. */
  readonly header: string;
  /** Whose the token must be, where the user was named with it. */
  readonly user?: string;
  /** What it is called, if a browser keeps it and adds it to whatever a page sends here. Else only a script adds it. */
  readonly ambient?: string;
}

/** One way to send a token. */
export interface CredentialReader {
  /** How it is sent, as the end of a sentence: `to the … API also as …`. */
  readonly hint?: string;
  read(headers: IncomingHttpHeaders): Credential | null;
}

/** All readers but {@link bearer}, in the order of precedence. */
export const CREDENTIALS = Symbol('Credentials');

/** `Authorization: Bearer <token>`, which every address takes. */
export const bearer: CredentialReader = {
  hint: '"Authorization: Bearer <token>"',
  read({ authorization = '' }) {
    const secret = /^bearer\s+(\S+)\s*$/i.exec(authorization)?.[1];
    return secret === undefined ? null : { secret, header: 'Authorization' };
  },
};

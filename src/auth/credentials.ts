import type { IncomingHttpHeaders } from 'node:http';

/** A token that a request contains, and how the request sent it. */
export interface Credential {
  /** The token; empty if the header contains none. */
  readonly secret: string;
  /** The header that contained the token. */
  readonly header: string;
  /** The user that the request names along with the token, who must be the token's user. */
  readonly user?: string;
  /**
   * The name of this kind of credential, if browsers store it and add it to every request. Absent if only scripts add
   * it.
   */
  readonly ambient?: string;
}

/** Reads a token that clients send in one particular way. */
export interface CredentialReader {
  /** How clients send the token, as the end of a sentence: `to the … API also as …`. */
  readonly hint?: string;
  read(headers: IncomingHttpHeaders): Credential | null;
}

/** All readers except {@link bearer}, in order of precedence. */
export const CREDENTIALS = Symbol('Credentials');

/** Reads `Authorization: Bearer <token>`, which every address accepts. */
export const bearer: CredentialReader = {
  hint: '"Authorization: Bearer <token>"',
  read({ authorization = '' }) {
    const secret = /^bearer\s+(\S+)\s*$/i.exec(authorization)?.[1];
    return secret === undefined ? null : { secret, header: 'Authorization' };
  },
};

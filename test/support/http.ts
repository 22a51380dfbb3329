import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/config/config.js';
import { BackendConfig, ConfigFile } from '../../src/config/config.schema.js';
import type { LivyConfig } from '../../src/dialects/livy/settings.js';
import type { NexosisConfig } from '../../src/dialects/nexosis/settings.js';
import { startService, type ServiceParts, type Service } from '../../src/service.js';

export const adminToken = 'the-admin-token-of-this-test-run-0001';
const project = join(import.meta.dirname, '../..');

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed JSON body; undefined if the body is not JSON. */
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- tests look into it by path
}

export interface Ask {
  readonly token?: string | null;
  readonly scheme?: string;
  readonly crn?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, except strings and bytes, which are sent unchanged. */
  readonly body?: unknown;
}

export interface Error1 {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly solution?: string;
}

export const givenBackend = (overrides: Partial<BackendConfig>): BackendConfig =>
  Object.assign(new BackendConfig(), { name: 'b1', driver: 'scripted', ...overrides });

/** The settings that a test overrides, including sections of the dialects. */
export type GivenConfig = Partial<Config> & {
  readonly livy?: LivyConfig;
  readonly nexosis?: NexosisConfig;
};

export const givenConfig = (data: string, overrides: GivenConfig = {}): Config => ({
  ...new ConfigFile(),
  ...{ port: 0, data, clock: 'virtual', log_level: 'silent', admin_token: adminToken, source: null },
  home: project,
  backends: [
    givenBackend({ name: 'b1' }),
    givenBackend({ name: 'b2', lanes: 2 }),
    givenBackend({ name: 'line', options: { device: 'stint_line_5', noise: false } }),
  ],
  ...overrides,
});

/** The whole service on a free port. Close it at the end. */
export class TestService {
  private constructor(
    readonly service: Service,
    readonly folder: string,
  ) {}

  static async start(
    overrides: GivenConfig = {},
    folder?: string,
    parts?: ServiceParts,
  ): Promise<TestService> {
    const data = folder ?? (await mkdtemp(join(tmpdir(), 'stint-')));
    return new TestService(await startService(givenConfig(data, overrides), parts), data);
  }

  /** The address of a dialect's separate port. */
  ownUrl(title: string): string {
    return this.service.ownPorts.find((port) => port.title === title)?.url ?? '';
  }

  get url(): string {
    return this.service.url;
  }

  async close(keep?: 'keep'): Promise<void> {
    await this.service.close();
    if (keep === undefined) await rm(this.folder, { recursive: true, force: true });
  }

  async call(method: string, path: string, ask: Ask = {}): Promise<HttpAnswer> {
    const { body } = ask;
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const answer = await fetch(this.url + path, {
      method,
      headers: headersOf(ask),
      body: (raw ? body : JSON.stringify(body)) as string | undefined,
    });
    return toAnswer(answer.status, answer.headers, await answer.text());
  }

  /** Returns functions that call `/api/v1` with a user's token. */
  as = (token: string) => ({
    get: (path: string, ask: Ask = {}) => this.call('GET', `/api/v1${path}`, { token, ...ask }),
    post: (path: string, body?: unknown) => this.call('POST', `/api/v1${path}`, { token, body }),
    patch: (path: string, body?: unknown) => this.call('PATCH', `/api/v1${path}`, { token, body }),
    put: (path: string, body?: unknown) => this.call('PUT', `/api/v1${path}`, { token, body }),
    delete: (path: string) => this.call('DELETE', `/api/v1${path}`, { token }),
  });

  get admin() {
    return this.as(adminToken);
  }

  /** Creates a user with a new token. */
  async user(user: string, instance = 'lab-a', more: object = {}) {
    const made = await this.admin.post('/admin/tokens', { user, instance, role: 'user', ...more });
    if (made.status !== 201) throw new Error(`No token: ${made.text}`);
    const { id, token, crn } = made.body as { id: string; token: string; crn: string };
    return { id, token, crn, ...this.as(token) };
  }

  advance(seconds: number): Promise<HttpAnswer> {
    return this.admin.post('/admin/clock', { advance_seconds: seconds });
  }

  /** Sends a body in `pieces`, with or without a `content-length` in `headers`. */
  async send(
    path: string,
    pieces: Iterable<Uint8Array>,
    headers: Record<string, string>,
  ): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const sending = request(this.url + path, { method: 'POST', headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve(toAnswer(answer.statusCode ?? 0, new Headers(), text));
        });
      });
      sending.on('error', reject);
      void (async () => {
        for (const piece of pieces) {
          if (!sending.write(piece)) await new Promise((drained) => sending.once('drain', drained));
        }
        sending.end();
      })();
    });
  }
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

function headersOf({
  token = adminToken,
  scheme = 'Bearer',
  crn,
  headers,
  body,
}: Ask): Record<string, string> {
  return {
    ...(token !== null && { authorization: `${scheme} ${token}` }),
    ...(crn !== undefined && { 'service-crn': crn }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...headers,
  };
}

function toAnswer(status: number, headers: Headers, text: string): HttpAnswer {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return { status, headers, text, body };
}

/** Returns the first error of an answer, with its status. Throws unless it has the shape that clients print. */
export function errorOf({ status, body, text }: HttpAnswer): Error1 {
  const { errors, trace } = (body ?? {}) as { errors?: unknown[]; trace?: unknown };
  if (!Array.isArray(errors) || errors.length === 0 || typeof trace !== 'string')
    throw new Error(`${status} without errors and trace: ${text}`);
  for (const error of errors as Record<string, unknown>[]) {
    if (typeof error['code'] !== 'number' || typeof error['message'] !== 'string')
      throw new Error(`An error without code and message: ${text}`);
  }
  return { status, ...(errors[0] as Omit<Error1, 'status'>) };
}

export const messagesOf = ({ body }: HttpAnswer): string[] =>
  (body.errors as { message: string }[]).map(({ message }) => message);

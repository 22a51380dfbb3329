import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { gunzip as unzip } from 'node:zlib';
import { promisify } from 'node:util';
import { nameOf, type Actor } from '../../../kernel/access/access.js';
import { Commands } from '../../../scheduler/commands.service.js';
import type { Import, StatusMessage } from '../storage/ports.js';
import { STORE, type Store } from '../../../scheduler/ports.js';
import { ReceiptsService, type SubmitKey } from '../../../scheduler/receipts.service.js';
import { withoutBrackets, isAllowed } from '../outgoing/callbacks.js';
import { readColumns, type DeclaredColumn } from '../wire/columns.js';
import { checkName, DataSetsService } from './datasets.service.js';
import { invalidField, NexosisError, notFound } from '../wire/errors.js';
import { RowThreads } from './row-threads.js';
import { send } from '../outgoing/outgoing.js';
import { NEXOSIS, type NexosisSettings } from '../settings.js';
import type { Upload } from './upload.js';
import { nexosisStore } from '../storage/store.js';
import { nexosisReads } from '../storage/reads.js';

const gunzip = promisify(unzip);
/** How long fetching a file may take, in milliseconds. */
const timeout = 120_000;

export interface ImportRequest {
  readonly dataSet: string;
  readonly url: string;
  readonly contentType: 'csv' | 'json' | undefined;
  readonly auth: { readonly user: string; readonly password: string } | null;
  readonly columns: Readonly<Record<string, unknown>>;
}

/** Fetching data from an address: answered at once, done behind. */
@Injectable()
export class ImportsService implements OnModuleDestroy {
  private readonly logger = new Logger(ImportsService.name);
  private readonly leaving = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private readonly uncommitted = new Map<string, Import>();

  constructor(
    private readonly commands: Commands,
    private readonly dataSets: DataSetsService,
    private readonly receipts: ReceiptsService,
    private readonly threads: RowThreads,
    @Inject(STORE) private readonly store: Store,
    @Inject(NEXOSIS) private readonly settings: NexosisSettings,
  ) {}

  /** What was being fetched when the service ended was not fetched. */
  async begin(): Promise<void> {
    for (const { id } of await this.store.read.instances()) {
      for (const made of await nexosisReads(this.store.read).imports(id)) {
        if (made.status === 'requested' || made.status === 'started')
          await this.change(
            made,
            'failed',
            failed('The service was restarted while the data was fetched. Start the import again.'),
          );
      }
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.leaving.abort();
    await Promise.all(this.running);
  }

  /** The same submit again returns what the first one made, and fetches nothing. */
  async start(actor: Actor, request: ImportRequest, submit: SubmitKey): Promise<Import> {
    checkName(request.dataSet);
    this.checkHost(request.url);
    const declared = readColumns(request.columns);
    const { made, first } = await this.commands.run(async (unit) => {
      const earlier = await this.receipts.earlier(unit, submit);
      const known = earlier === null ? null : await this.known(earlier);
      if (known !== null) return { made: known, first: false };
      const one: Import = {
        id: unit.ids.uuid(),
        instance: actor.instance.id,
        dataSet: request.dataSet,
        type: 'url',
        status: 'requested',
        history: [{ at: unit.at, status: 'requested' }],
        parameters: { url: request.url },
        columns: request.columns,
        messages: [],
        requestedAt: unit.at,
      };
      await nexosisStore(unit.tx).imports.save(one);
      await this.receipts.keep(unit, submit, one.id);
      // Another submit may share this commit, and nobody can read the row before it.
      this.uncommitted.set(one.id, one);
      unit.afterCommit(() => this.uncommitted.delete(one.id));
      unit.afterFailure(() => this.uncommitted.delete(one.id));
      return { made: one, first: true };
    }, nameOf(actor));
    if (!first) return made;
    const work = this.fetch(actor, made, request, declared).catch((error: unknown) =>
      this.logger.warn(`Import ${made.id} was not settled: ${String(error)}`),
    );
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
    return made;
  }

  private async known(id: string): Promise<Import | null> {
    return this.uncommitted.get(id) ?? (await nexosisReads(this.store.read).import(id));
  }

  async get(actor: Actor, id: string): Promise<Import> {
    const made = await nexosisReads(this.store.read).import(id);
    if (made === null || made.instance !== actor.instance.id) throw notFound('import', id);
    return made;
  }

  list(actor: Actor): Promise<Import[]> {
    return nexosisReads(this.store.read).imports(actor.instance.id);
  }

  private checkHost(said: string): void {
    const url = URL.canParse(said) ? new URL(said) : null;
    if (url === null || !/^https?:$/.test(url.protocol))
      throw invalidField('url', `The value '${said}' is not valid: it must be an http or https address.`);
    // The address is shown to all who see the import; what is in auth is not.
    if (url.username !== '' || url.password !== '')
      throw invalidField('url', 'The url must not carry a user name or a password: send them in auth.basic.');
    if (isAllowed(withoutBrackets(url.hostname), this.settings.importHosts)) return;
    throw invalidField(
      'url',
      `Data is not imported from ${url.hostname}: an operator allows hosts in nexosis.import_hosts. Upload it with PUT /data instead.`,
    );
  }

  private async fetch(
    actor: Actor,
    made: Import,
    request: ImportRequest,
    declared: readonly DeclaredColumn[],
  ): Promise<void> {
    const started = await this.change(made, 'started');
    try {
      const { bytes, type } = await this.download(request);
      const { messages } = await this.withUpload(bytes, request.contentType ?? type, declared, (upload) =>
        this.dataSets.put(actor, request.dataSet, upload),
      );
      await this.change(started, 'completed', messages);
    } catch (error) {
      await this.change(started, 'failed', failed(wordsOf(error)));
    }
  }

  private withUpload<T>(
    bytes: Buffer,
    type: 'csv' | 'json',
    declared: readonly DeclaredColumn[],
    use: (upload: Upload) => Promise<T>,
  ): Promise<T> {
    if (type === 'csv')
      return this.threads.csv(bytes, (reader) => use({ reader, declared, missingValues: undefined }));
    return this.threads.json(bytes, async (reader) => {
      const { columns, missingValues, ignored } = reader;
      return use({ reader, declared: [...declared, ...readColumns(columns)], missingValues, ignored });
    });
  }

  private async download({ url, auth }: ImportRequest): Promise<{ bytes: Buffer; type: 'csv' | 'json' }> {
    const basic = auth === null ? null : Buffer.from(`${auth.user}:${auth.password}`).toString('base64');
    const answer = await send(url, {
      method: 'GET',
      headers: {
        accept: 'text/csv, application/json',
        ...(basic !== null && { authorization: `Basic ${basic}` }),
      },
      // Allowed by its name, a host may stand anywhere; allowed with all others, only on the internet.
      mayBePrivate: (host) =>
        isAllowed(host, this.settings.privateHosts) ||
        isAllowed(
          host,
          this.settings.importHosts.filter((name) => name !== '*'),
        ),
      signal: this.leaving.signal,
      timeout,
    });
    const status = answer.statusCode ?? 0;
    if (status !== 200) {
      answer.destroy();
      const redirect =
        status >= 300 && status < 400 ? ': redirects are not followed, name the final address' : '';
      throw new Error(`${url} answered ${status}${redirect}`);
    }
    const limit = this.settings.bodyLimit;
    const tooLarge = () => new Error(`${url} holds more than ${limit / 1e6} MB`);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw tooLarge();
      chunks.push(chunk);
    }
    const sent = Buffer.concat(chunks);
    const zipped = sent[0] === 0x1f && sent[1] === 0x8b;
    const bytes = zipped
      ? await gunzip(sent, { maxOutputLength: limit }).catch(({ code }: NodeJS.ErrnoException) => {
          throw code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : new Error(`${url} is no readable gzip file`);
        })
      : sent;
    const json =
      /json/i.test(answer.headers['content-type'] ?? '') || /^\s*\{/.test(bytes.toString('utf8', 0, 64));
    return { bytes, type: json ? 'json' : 'csv' };
  }

  private change(
    made: Import,
    status: Import['status'],
    messages: readonly StatusMessage[] = made.messages,
  ): Promise<Import> {
    return this.commands.run(async (unit) => {
      const changed: Import = {
        ...made,
        status,
        history: [...made.history, { at: unit.at, status }],
        messages,
      };
      await nexosisStore(unit.tx).imports.save(changed);
      return changed;
    });
  }
}

const failed = (message: string): StatusMessage[] => [{ severity: 'error', message }];

function wordsOf(error: unknown): string {
  if (!(error instanceof NexosisError)) return `The data could not be fetched: ${(error as Error).message}.`;
  const details = error.type === 'NoData' ? [] : Object.values(error.details).flat().map(String);
  return `The data could not be stored: ${details[0] ?? error.message}`;
}

import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { gunzip as unzip } from 'node:zlib';
import { promisify } from 'node:util';
import { actorName, type Actor } from '../../../kernel/access/access.js';
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
/** Milliseconds that fetching a file may take. */
const timeout = 120_000;

export interface ImportRequest {
  readonly dataSet: string;
  readonly url: string;
  readonly contentType: 'csv' | 'json' | undefined;
  readonly auth: { readonly user: string; readonly password: string } | null;
  readonly columns: Readonly<Record<string, unknown>>;
}

/** Imports data from URLs in the background. */
@Injectable()
export class ImportsService implements OnModuleDestroy {
  private readonly logger = new Logger(ImportsService.name);
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();
  /** Imports whose commit is not complete, by id. */
  private readonly uncommitted = new Map<string, Import>();

  constructor(
    private readonly commands: Commands,
    private readonly dataSets: DataSetsService,
    private readonly receipts: ReceiptsService,
    private readonly threads: RowThreads,
    @Inject(STORE) private readonly store: Store,
    @Inject(NEXOSIS) private readonly settings: NexosisSettings,
  ) {}

  /** Fails the imports that were in progress when the service ended. */
  async begin(): Promise<void> {
    for (const { id } of await this.store.read.instances()) {
      for (const record of await nexosisReads(this.store.read).imports(id)) {
        if (record.status === 'requested' || record.status === 'started')
          await this.change(
            record,
            'failed',
            errorMessage('The service was restarted while the data was fetched. Start the import again.'),
          );
      }
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running);
  }

  /** Starts an import. The same submit again returns the first import, and fetches nothing. */
  async start(actor: Actor, request: ImportRequest, submit: SubmitKey): Promise<Import> {
    checkName(request.dataSet);
    this.checkHost(request.url);
    const declared = readColumns(request.columns);
    const { started, isFirst } = await this.commands.run(async (unit) => {
      const earlier = await this.receipts.findEarlier(unit, submit);
      const existing = earlier === null ? null : await this.find(earlier);
      if (existing !== null) return { started: existing, isFirst: false };
      const record: Import = {
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
      await nexosisStore(unit.tx).imports.save(record);
      await this.receipts.store(unit, submit, record.id);
      // Another submit in the same commit needs this import, but the row cannot be read before the commit.
      this.uncommitted.set(record.id, record);
      unit.afterCommit(() => this.uncommitted.delete(record.id));
      unit.afterFailure(() => this.uncommitted.delete(record.id));
      return { started: record, isFirst: true };
    }, actorName(actor));
    if (!isFirst) return started;
    const work = this.fetch(actor, started, request, declared).catch((error: unknown) =>
      this.logger.warn(`The status of import ${started.id} could not be stored: ${String(error)}`),
    );
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
    return started;
  }

  private async find(id: string): Promise<Import | null> {
    return this.uncommitted.get(id) ?? (await nexosisReads(this.store.read).import(id));
  }

  async get(actor: Actor, id: string): Promise<Import> {
    const record = await nexosisReads(this.store.read).import(id);
    if (record === null || record.instance !== actor.instance.id) throw notFound('import', id);
    return record;
  }

  list(actor: Actor): Promise<Import[]> {
    return nexosisReads(this.store.read).imports(actor.instance.id);
  }

  private checkHost(address: string): void {
    const url = URL.canParse(address) ? new URL(address) : null;
    if (url === null || !/^https?:$/.test(url.protocol))
      throw invalidField('url', `The value '${address}' is not valid: it must be an http or https address.`);
    // Everyone who sees the import sees its URL, but not the credentials in `auth`.
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
    requested: Import,
    request: ImportRequest,
    declared: readonly DeclaredColumn[],
  ): Promise<void> {
    const started = await this.change(requested, 'started');
    try {
      const { bytes, type } = await this.download(request);
      const { messages } = await this.withUpload(bytes, request.contentType ?? type, declared, (upload) =>
        this.dataSets.put(actor, request.dataSet, upload),
      );
      await this.change(started, 'completed', messages);
    } catch (error) {
      await this.change(started, 'failed', errorMessage(describe(error)));
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
    const response = await send(url, {
      method: 'GET',
      headers: {
        accept: 'text/csv, application/json',
        ...(basic !== null && { authorization: `Basic ${basic}` }),
      },
      // A host that is allowed by name may have a private address. One that only `*` allows may not.
      mayBePrivate: (host) =>
        isAllowed(host, this.settings.privateHosts) ||
        isAllowed(
          host,
          this.settings.importHosts.filter((name) => name !== '*'),
        ),
      signal: this.stopping.signal,
      timeout,
    });
    const status = response.statusCode ?? 0;
    if (status !== 200) {
      response.destroy();
      const redirect =
        status >= 300 && status < 400 ? ': redirects are not followed, name the final address' : '';
      throw new Error(`${url} answered ${status}${redirect}`);
    }
    const limit = this.settings.bodyLimit;
    const tooLarge = () => new Error(`${url} holds more than ${limit / 1e6} MB`);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw tooLarge();
      chunks.push(chunk);
    }
    const received = Buffer.concat(chunks);
    const isZipped = received[0] === 0x1f && received[1] === 0x8b;
    const bytes = isZipped
      ? await gunzip(received, { maxOutputLength: limit }).catch(({ code }: NodeJS.ErrnoException) => {
          throw code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : new Error(`${url} is no readable gzip file`);
        })
      : received;
    const isJson =
      /json/i.test(response.headers['content-type'] ?? '') || /^\s*\{/.test(bytes.toString('utf8', 0, 64));
    return { bytes, type: isJson ? 'json' : 'csv' };
  }

  private change(
    before: Import,
    status: Import['status'],
    messages: readonly StatusMessage[] = before.messages,
  ): Promise<Import> {
    return this.commands.run(async (unit) => {
      const changed: Import = {
        ...before,
        status,
        history: [...before.history, { at: unit.at, status }],
        messages,
      };
      await nexosisStore(unit.tx).imports.save(changed);
      return changed;
    });
  }
}

const errorMessage = (message: string): StatusMessage[] => [{ severity: 'error', message }];

function describe(error: unknown): string {
  if (!(error instanceof NexosisError)) return `The data could not be fetched: ${(error as Error).message}.`;
  const details = error.type === 'NoData' ? [] : Object.values(error.details).flat().map(String);
  return `The data could not be stored: ${details[0] ?? error.message}`;
}

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Worker } from 'node:worker_threads';
import { emptyRecord } from '../../../kernel/inherited-names.js';
import { csvReader } from './csv.js';
import { invalidField, NexosisError } from '../wire/errors.js';
import { jsonReader, type JsonUpload } from './json-rows.js';
import type { FromThread, OpenedBody, ThreadInput, SentError, ToThread } from './row-thread.js';
import type { RowReader } from './rows.js';

/** Bytes from which a body is worth a thread. Reading it here would block for a tenth of a second or more. */
const defaultFrom = 1_000_000;
/** Most threads at a time. Other bodies wait. */
const maxThreads = 2;

/**
 * The program of a thread: the built file, or the TypeScript source with its loader if the service runs from source.
 */
const isBuilt = import.meta.url.endsWith('.js');
const file = new URL(isBuilt ? './row-thread.js' : './row-thread.ts', import.meta.url);
const loader = new URL('../../../../scripts/typescript-register.mjs', import.meta.url);
const execArgv = isBuilt ? [] : ['--import', loader.href];

/**
 * Reads the rows of a body: a short one in this thread, a long one in a thread of its own. Rows, limits and refusals
 * are the same. The body must not be used afterwards, because the other thread owns it then.
 */
@Injectable()
export class RowThreads implements OnApplicationShutdown {
  /** Bytes from which a body is read in a thread of its own. */
  from = defaultFrom;
  /** Megabytes of memory that a thread may use in addition to the body. */
  memory = 512;
  private readonly running = new Set<Worker>();
  private readonly waiting: (() => void)[] = [];
  private free = maxThreads;

  csv<T>(body: Buffer, use: (reader: RowReader) => Promise<T>): Promise<T> {
    if (body.length < this.from) return csvReader(body).then(use);
    return this.inThread({ body, type: 'csv' }, (reader) => use(reader));
  }

  json<T>(body: Buffer, use: (reader: JsonUpload) => Promise<T>): Promise<T> {
    if (body.length < this.from) return jsonReader(body).then(use);
    return this.inThread({ body, type: 'json' }, (reader, opened) => {
      const columns = Object.assign(emptyRecord<unknown>(), opened.columns);
      const { missingValues, ignored = [] } = opened;
      return use({ ...reader, columns, missingValues, ignored });
    });
  }

  /** Ends the threads. All requests have ended before. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.running].map((worker) => worker.terminate()));
  }

  private async inThread<T>(
    input: ThreadInput,
    use: (reader: RowReader, opened: OpenedBody) => Promise<T>,
  ): Promise<T> {
    const bytes = input.body.byteLength;
    await this.acquire();
    const worker = new Worker(file, {
      execArgv,
      workerData: input,
      transferList: [input.body.buffer as ArrayBuffer],
      resourceLimits: { maxOldGenerationSizeMb: this.memory },
    });
    this.running.add(worker);
    try {
      const inbox = new Inbox(worker);
      const first = await inbox.next();
      if (!('opened' in first)) throw new Error('The thread did not open the body.');
      const { opened } = first;
      const reader = { names: opened.names, bytes, batches: () => inbox.batches() };
      return await use(reader, opened);
    } finally {
      await worker.terminate();
      this.running.delete(worker);
      this.release();
    }
  }

  private async acquire(): Promise<void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
}

/** The messages of a thread, in order. Throws the thread's errors. */
class Inbox {
  private readonly messages: FromThread[] = [];
  private failure: Error | null = null;
  private wake: () => void = () => undefined;
  private readings = 0;

  constructor(private readonly worker: Worker) {
    worker.on('message', (message: FromThread) => {
      this.messages.push(message);
      this.wake();
    });
    const fail = (error: Error) => {
      this.failure ??= error;
      this.wake();
    };
    worker.on('error', (error: NodeJS.ErrnoException) =>
      fail(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? outOfMemory() : error),
    );
    worker.on('exit', () => fail(new Error('The thread that read the body ended.')));
  }

  async next(): Promise<FromThread> {
    while (this.messages.length === 0) {
      if (this.failure !== null) throw this.failure;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    const message = this.messages.shift() as FromThread;
    if ('error' in message) throw toError(message.error);
    return message;
  }

  async *batches(): AsyncGenerator<(string | null)[][]> {
    const reading = (this.readings += 1);
    const requestBatch = () => this.worker.postMessage({ reading } satisfies ToThread);
    requestBatch();
    for (;;) {
      const message = await this.next();
      // Skip batches of an earlier reading that was stopped.
      if (!('reading' in message) || message.reading !== reading) continue;
      if ('done' in message) return;
      yield JSON.parse(message.rows) as (string | null)[][];
      requestBatch();
    }
  }
}

const outOfMemory = (): NexosisError =>
  invalidField('body', 'It takes more memory to read than one body may have: send fewer rows at a time.');

const toError = ({ message, refusal }: SentError): Error =>
  refusal === null
    ? new Error(message)
    : new NexosisError(refusal.status, refusal.type, message, refusal.details);

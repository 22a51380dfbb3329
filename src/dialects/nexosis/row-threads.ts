import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Worker } from 'node:worker_threads';
import { emptyRecord } from '../../kernel/inherited-names.js';
import { csvReader } from './csv.js';
import { invalidField, NexosisError } from './errors.js';
import { jsonReader, type JsonUpload } from './json-rows.js';
import type { FromThread, Opened, ThreadInput, ToldError, ToThread } from './row-thread.js';
import type { RowReader } from './rows.js';

/** Bytes of a body from which on a thread is worth its start: here they would take a tenth of a second and more. */
const usualFrom = 1_000_000;
/** Threads at a time; other bodies wait. */
const mostThreads = 2;

/** What a thread runs: the file that was built, or, where all is run as it was written, with what makes JavaScript of it. */
const isBuilt = import.meta.url.endsWith('.js');
const file = new URL(isBuilt ? './row-thread.js' : './row-thread.ts', import.meta.url);
const loader = new URL('../../../scripts/typescript-register.mjs', import.meta.url);
const execArgv = isBuilt ? [] : ['--import', loader.href];

/**
 * Reads the rows of a body: a short one here, a long one in a thread of its own that ends with it. Rows, limits and refusals are
 * the same. The body must not be used afterwards, because the thread takes it.
 */
@Injectable()
export class RowThreads implements OnApplicationShutdown {
  /** Bytes from which on a body is read in a thread. */
  from = usualFrom;
  /** Megabytes that a thread may have beside the body. */
  memory = 512;
  private readonly running = new Set<Worker>();
  private readonly waiting: (() => void)[] = [];
  private free = mostThreads;

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

  /** Requests have ended by then. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.running].map((worker) => worker.terminate()));
  }

  private async inThread<T>(
    input: ThreadInput,
    use: (reader: RowReader, opened: Opened) => Promise<T>,
  ): Promise<T> {
    const bytes = input.body.byteLength;
    await this.place();
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
      this.giveBack();
    }
  }

  private async place(): Promise<void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private giveBack(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
}

/** What a thread says, in order. Throws what it threw. */
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
      fail(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch() : error),
    );
    worker.on('exit', () => fail(new Error('The thread that read the body ended.')));
  }

  async next(): Promise<FromThread> {
    while (this.messages.length === 0) {
      if (this.failure !== null) throw this.failure;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    const message = this.messages.shift() as FromThread;
    if ('error' in message) throw fromTold(message.error);
    return message;
  }

  async *batches(): AsyncGenerator<(string | null)[][]> {
    const reading = (this.readings += 1);
    const ask = () => this.worker.postMessage({ reading } satisfies ToThread);
    ask();
    for (;;) {
      const message = await this.next();
      // What was on its way when an earlier reading was given up.
      if (!('reading' in message) || message.reading !== reading) continue;
      if ('done' in message) return;
      yield JSON.parse(message.rows) as (string | null)[][];
      ask();
    }
  }
}

const tooMuch = (): NexosisError =>
  invalidField('body', 'It takes more memory to read than one body may have: send fewer rows at a time.');

const fromTold = ({ message, refusal }: ToldError): Error =>
  refusal === null
    ? new Error(message)
    : new NexosisError(refusal.status, refusal.type, message, refusal.details);

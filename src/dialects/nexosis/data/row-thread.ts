import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { csvReader } from './csv.js';
import { NexosisError, type Details, type ErrorType } from '../wire/errors.js';
import { jsonReader, type JsonUpload } from './json-rows.js';
import type { RowReader } from './rows.js';

/** The input of a thread, which owns the body. */
export interface ThreadInput {
  readonly body: Uint8Array;
  readonly type: 'csv' | 'json';
}

/** What a thread reports about a body before its rows are requested. */
export type OpenedBody = Pick<RowReader, 'names'> & Partial<Omit<JsonUpload, keyof RowReader>>;

/** An error in a form from which the other side restores it. */
export interface SentError {
  readonly message: string;
  readonly refusal: {
    readonly status: number;
    readonly type: ErrorType | null;
    readonly details: Details;
  } | null;
}

/** Message from the thread. Rows are JSON, because one long text is copied ten times faster than many short ones. */
export type FromThread =
  | { readonly opened: OpenedBody }
  | { readonly reading: number; readonly rows: string }
  | { readonly reading: number; readonly done: true }
  | { readonly error: SentError };

/** Message to the thread: start a new reading of the rows, or send the next batch of the current one. */
export interface ToThread {
  readonly reading: number;
}

/** Batches of rows that a thread may send ahead. */
export const maxInFlight = 4;

function toSentError(error: unknown): SentError {
  if (!(error instanceof NexosisError)) return { message: String(error), refusal: null };
  const { message, status, type, details } = error;
  return { message, refusal: { status, type, details } };
}

async function serve(port: MessagePort, { body, type }: ThreadInput): Promise<void> {
  const post = (message: FromThread) => port.postMessage(message);
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const reader: RowReader & Partial<JsonUpload> = await (type === 'csv'
    ? csvReader(bytes)
    : jsonReader(bytes));
  const { names, columns, missingValues, ignored } = reader;
  let [current, requested] = [0, 0];
  let wake: () => void = () => undefined;
  port.on('message', ({ reading }: ToThread) => {
    requested = reading === current ? requested + 1 : maxInFlight;
    if (reading !== current)
      send((current = reading)).catch((error: unknown) => post({ error: toSentError(error) }));
    wake();
  });
  post({
    opened: { names, ...(columns !== undefined && { columns, ignored: ignored ?? [], missingValues }) },
  });

  async function send(reading: number): Promise<void> {
    for await (const rows of reader.batches()) {
      while (requested === 0 && reading === current) await new Promise<void>((resolve) => (wake = resolve));
      if (reading !== current) return;
      requested -= 1;
      post({ reading, rows: JSON.stringify(rows) });
    }
    post({ reading, done: true });
  }
}

if (parentPort !== null) {
  const port = parentPort;
  serve(port, workerData as ThreadInput).catch((error: unknown) =>
    port.postMessage({ error: toSentError(error) } satisfies FromThread),
  );
}

import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { csvReader } from './csv.js';
import { NexosisError, type Details, type ErrorType } from './errors.js';
import { jsonReader, type JsonUpload } from './json-rows.js';
import type { RowReader } from './rows.js';

/** What a thread is given: a body that belongs to it alone. */
export interface ThreadInput {
  readonly body: Uint8Array;
  readonly type: 'csv' | 'json';
}

/** What is known of a body before its rows are asked for. */
export type Opened = Pick<RowReader, 'names'> & Partial<Omit<JsonUpload, keyof RowReader>>;

/** Of an error what makes the same one again on the other side. */
export interface ToldError {
  readonly message: string;
  readonly refusal: {
    readonly status: number;
    readonly type: ErrorType | null;
    readonly details: Details;
  } | null;
}

/** From the thread. Rows are JSON: one text is handed over in a tenth of the time that as many small ones take. */
export type FromThread =
  | { readonly opened: Opened }
  | { readonly reading: number; readonly rows: string }
  | { readonly reading: number; readonly done: true }
  | { readonly error: ToldError };

/** To the thread: read the rows, once more; or give the next ones of that reading. */
export interface ToThread {
  readonly reading: number;
}

/** Batches of rows that may be on their way at a time. */
export const mostOnTheWay = 4;

function told(error: unknown): ToldError {
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
  let [current, wanted] = [0, 0];
  let wake: () => void = () => undefined;
  port.on('message', ({ reading }: ToThread) => {
    wanted = reading === current ? wanted + 1 : mostOnTheWay;
    if (reading !== current)
      send((current = reading)).catch((error: unknown) => post({ error: told(error) }));
    wake();
  });
  post({
    opened: { names, ...(columns !== undefined && { columns, ignored: ignored ?? [], missingValues }) },
  });

  async function send(reading: number): Promise<void> {
    for await (const rows of reader.batches()) {
      while (wanted === 0 && reading === current) await new Promise<void>((resolve) => (wake = resolve));
      if (reading !== current) return;
      wanted -= 1;
      post({ reading, rows: JSON.stringify(rows) });
    }
    post({ reading, done: true });
  }
}

if (parentPort !== null) {
  const port = parentPort;
  serve(port, workerData as ThreadInput).catch((error: unknown) =>
    port.postMessage({ error: told(error) } satisfies FromThread),
  );
}

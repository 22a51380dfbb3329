import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** Number of bytes written since the last checkpoint that makes the next one due. */
const checkpointBytes = 1024 * 1024;

/** A string and not a file, because the service is bundled into one file (docs/decisions/0005-one-file-to-start.md). */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const db = new (require(workerData.driver))(workerData.file);
db.pragma('busy_timeout = 0');
parentPort.on('message', () => {
  try {
    db.pragma('wal_checkpoint(PASSIVE)');
  } catch {
        // The next checkpoint copies the rest, or SQLite does when its log is long enough.
  }
  parentPort.postMessage('done');
});
`;

/**
 * Runs checkpoints, which copy committed pages from SQLite's log into the database, on a thread of their own. Otherwise
 * SQLite checkpoints within a commit once 16 MB have been written, and blocks all requests while it copies and flushes.
 * The thread starts only when many megabytes are written. A passive checkpoint neither waits for readers and writers
 * nor blocks them.
 */
export class Checkpointer {
  private worker: Worker | null = null;
  private written = 0;
  private busy = false;

  constructor(private readonly file: string) {}

  /** Adds bytes written in the open transaction. */
  addWritten(bytes: number): void {
    this.written += bytes;
  }

  /** Starts a checkpoint after a commit if one is due. */
  checkpointIfDue(): void {
    if (this.written < checkpointBytes || this.busy) return;
    this.written = 0;
    this.busy = true;
    this.worker ??= this.start();
    this.worker.postMessage('checkpoint');
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
    this.worker = null;
  }

  private start(): Worker {
    const driver = createRequire(import.meta.url).resolve('better-sqlite3');
    const worker = new Worker(program, { eval: true, workerData: { driver, file: this.file } });
    worker.unref();
    worker.on('message', () => (this.busy = false));
    // Without this thread SQLite still checkpoints by itself, only less often.
    worker.on('error', () => undefined);
    return worker;
  }
}

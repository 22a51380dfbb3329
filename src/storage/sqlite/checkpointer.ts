import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** Bytes written since the last one after which a checkpoint is due. */
const due = 1024 * 1024;

/** Text and not a file of its own: the service is one file (docs/decisions/0005-one-file-to-start.md). */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const db = new (require(workerData.driver))(workerData.file);
db.pragma('busy_timeout = 0');
parentPort.on('message', () => {
  try {
    db.pragma('wal_checkpoint(PASSIVE)');
  } catch {
    // The next one does it, or SQLite itself when its log is long enough.
  }
  parentPort.postMessage('done');
});
`;

/**
 * Copies what was committed from SQLite's log into the database, on a thread of its own. SQLite does that within a commit when
 * 16 MB have been written, and while it copies and flushes them nobody is answered. It is started only for those who write
 * many megabytes, and a passive checkpoint waits for nobody and lets nobody wait.
 */
export class Checkpointer {
  private worker: Worker | null = null;
  private written = 0;
  private busy = false;

  constructor(private readonly file: string) {}

  /** Notes that so many bytes are written in the open transaction. */
  note(bytes: number): void {
    this.written += bytes;
  }

  /** The transaction was committed. */
  committed(): void {
    if (this.written < due || this.busy) return;
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
    // Without it SQLite does the same itself, if less often.
    worker.on('error', () => undefined);
    return worker;
  }
}

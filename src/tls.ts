import { unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:tls';
import { SystemClock } from './scheduler/system-clock.js';
import { doubtsAboutTls, readTlsPair, type TlsFiles, type TlsPair } from './config/tls-files.js';

/** Milliseconds between two looks at the files. Not events of the file system: a mounted secret is a link that is moved. */
const lookEach = 5000;

interface Log {
  log(message: unknown, context: string): void;
  warn(message: unknown, context: string): void;
}

/**
 * The certificate that servers show, read again when its files change. A pair that cannot be used leaves the one before in
 * place: half of a renewal may be on disk.
 */
export class LiveTls {
  private readonly servers = new Set<Server>();
  private readonly clock = new SystemClock();
  private current: TlsPair;

  constructor(
    private files: TlsFiles,
    private readonly logger: Log,
    private readonly interval = lookEach,
  ) {
    this.current = readTlsPair(files);
    this.tellDoubts();
    this.watch();
  }

  /** For a server that is made now. */
  get pair(): TlsPair {
    return this.current;
  }

  /** Gives a server each later certificate; connections that are open keep theirs. */
  keepCurrent(server: Server): void {
    this.servers.add(server);
  }

  /** Reads the files, or others from now on. Returns whether another certificate is shown than before. */
  reload(files = this.files): boolean {
    let pair: TlsPair;
    try {
      pair = readTlsPair(files);
    } catch (error) {
      const kept = 'The certificate that was read before stays in use.';
      this.logger.warn(`${(error as Error).message} ${kept}`, 'Tls');
      return false;
    }
    this.unwatch();
    this.files = files;
    this.watch();
    if (pair.cert.equals(this.current.cert) && pair.key.equals(this.current.key)) return false;
    this.current = pair;
    for (const server of this.servers) server.setSecureContext(pair);
    this.logger.log(`The certificate in ${files.cert} is shown from now on.`, 'Tls');
    this.tellDoubts();
    return true;
  }

  close(): void {
    this.unwatch();
    this.servers.clear();
  }

  private tellDoubts(): void {
    for (const doubt of doubtsAboutTls(this.files, this.clock.wall())) this.logger.warn(doubt, 'Tls');
  }

  private readonly changed = (): void => void this.reload();

  private watch(): void {
    const how = { interval: this.interval, persistent: false };
    for (const file of [this.files.cert, this.files.key]) watchFile(file, how, this.changed);
  }

  private unwatch(): void {
    for (const file of [this.files.cert, this.files.key]) unwatchFile(file, this.changed);
  }
}

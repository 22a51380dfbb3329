import { unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:tls';
import { SystemClock } from './scheduler/system-clock.js';
import { tlsWarnings, readTlsPair, type TlsFiles, type TlsPair } from './config/tls-files.js';

/**
 * Milliseconds between two checks of the files. File-system events would miss a mounted secret whose link is replaced.
 */
const pollInterval = 5000;

interface Log {
  log(message: unknown, context: string): void;
  warn(message: unknown, context: string): void;
}

/**
 * The certificate that servers present. Rereads it when its files change. If the new pair cannot be used, for example
 * because only half of a renewal is on disk, the previous pair stays in use.
 */
export class LiveTls {
  private readonly servers = new Set<Server>();
  private readonly clock = new SystemClock();
  private current: TlsPair;

  constructor(
    private files: TlsFiles,
    private readonly logger: Log,
    private readonly interval = pollInterval,
  ) {
    this.current = readTlsPair(files);
    this.logDoubts();
    this.watch();
  }

  /** The current certificate and key, for a new server. */
  get pair(): TlsPair {
    return this.current;
  }

  /** Gives a server each later certificate. Open connections keep the old one. */
  keepCurrent(server: Server): void {
    this.servers.add(server);
  }

  /** Rereads the files, or reads other files from now on. Returns whether the certificate has changed. */
  reload(files = this.files): boolean {
    let pair: TlsPair;
    try {
      pair = readTlsPair(files);
    } catch (error) {
      const consequence = 'The certificate that was read before stays in use.';
      this.logger.warn(`${(error as Error).message} ${consequence}`, 'Tls');
      return false;
    }
    this.unwatch();
    this.files = files;
    this.watch();
    if (pair.cert.equals(this.current.cert) && pair.key.equals(this.current.key)) return false;
    this.current = pair;
    for (const server of this.servers) server.setSecureContext(pair);
    this.logger.log(`The certificate in ${files.cert} is shown from now on.`, 'Tls');
    this.logDoubts();
    return true;
  }

  close(): void {
    this.unwatch();
    this.servers.clear();
  }

  private logDoubts(): void {
    for (const warning of tlsWarnings(this.files, this.clock.wall())) this.logger.warn(warning, 'Tls');
  }

  private readonly changed = (): void => void this.reload();

  private watch(): void {
    const options = { interval: this.interval, persistent: false };
    for (const file of [this.files.cert, this.files.key]) watchFile(file, options, this.changed);
  }

  private unwatch(): void {
    for (const file of [this.files.cert, this.files.key]) unwatchFile(file, this.changed);
  }
}

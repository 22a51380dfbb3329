import { statfs as statFileSystem } from 'node:fs/promises';
import type { Disk } from '../scheduler/disk.ports.js';

/** Bytes. The write-ahead log alone grows to 16 MB between two checkpoints. */
export const leastFree = 32 * 1024 * 1024;

/** Blocks and files of a file system, as the operating system counts them. */
type FileSystem = (folder: string) => Promise<{
  readonly bavail: number;
  readonly bsize: number;
  readonly files: number;
  readonly ffree: number;
}>;

interface Written {
  /** Why the last write failed, where the disk was the reason. */
  readonly diskFailure: string | null;
  /** Writes something that changes nothing. */
  probe(): Promise<void>;
}

/** The file system of the data folder. */
export class DataDisk implements Disk {
  constructor(
    private readonly folder: string,
    private readonly store: Written,
    private readonly statfs: FileSystem = statFileSystem,
  ) {}

  async trouble(): Promise<string | null> {
    const { bavail, bsize, files, ffree } = await this.statfs(this.folder);
    const free = bavail * bsize;
    if (free < leastFree)
      return `The disk of the data folder has ${megabytes(free)} MB left; the service needs ${megabytes(leastFree)} MB.`;
    // Some file systems have no fixed number of files and say 0.
    if (files > 0 && ffree === 0) return 'The disk of the data folder has no room for another file.';
    // A quota is full although the disk has room. Nothing may be written any more, so only an attempt shows that it ended.
    if (this.store.diskFailure !== null) await this.store.probe().catch(() => undefined);
    const { diskFailure } = this.store;
    return diskFailure === null ? null : `The database could not be written: ${diskFailure}.`;
  }
}

const megabytes = (bytes: number): string => Math.floor(bytes / 1024 / 1024).toString();

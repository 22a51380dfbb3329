import { statfs as statFileSystem } from 'node:fs/promises';
import type { Disk } from '../scheduler/disk.ports.js';

/** Minimum free bytes. The write-ahead log alone grows to 16 MB between two checkpoints. */
export const minFreeBytes = 32 * 1024 * 1024;

/** Reads the block and file counts of the file system of a folder. */
type FileSystem = (folder: string) => Promise<{
  readonly bavail: number;
  readonly bsize: number;
  readonly files: number;
  readonly ffree: number;
}>;

interface WritableStore {
  /** Why the last write failed, if the disk was the reason; else null. */
  readonly diskFailure: string | null;
  /** Commits a write that changes nothing. */
  probe(): Promise<void>;
}

/** Watches the disk of the data folder. */
export class DataDisk implements Disk {
  constructor(
    private readonly folder: string,
    private readonly store: WritableStore,
    private readonly statfs: FileSystem = statFileSystem,
  ) {}

  async trouble(): Promise<string | null> {
    const { bavail, bsize, files, ffree } = await this.statfs(this.folder);
    const free = bavail * bsize;
    if (free < minFreeBytes)
      return `The disk of the data folder has ${megabytes(free)} MB left; the service needs ${megabytes(minFreeBytes)} MB.`;
    // 0 files means that the file system has no fixed number.
    if (files > 0 && ffree === 0) return 'The disk of the data folder has no room for another file.';
    // A full quota does not show in these numbers. The service writes nothing then, so retry here to learn when there
    // is room.
    if (this.store.diskFailure !== null) await this.store.probe().catch(() => undefined);
    const { diskFailure } = this.store;
    return diskFailure === null ? null : `The database could not be written: ${diskFailure}.`;
  }
}

const megabytes = (bytes: number): string => Math.floor(bytes / 1024 / 1024).toString();

/** The disk that holds the service's data. */
export interface Disk {
  /** Why nothing can be stored, as a sentence; null if something can. */
  trouble(): Promise<string | null>;
}
export const DISK = Symbol('Disk');

const sqlite = /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN)/;
const files = /^(ENOSPC|EDQUOT|EROFS)$/;

/** Returns the error message of the disk if it caused this failure of a database or a file; null if it did not. */
export function diskFailure(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, driverError, message } = error as Failed & { readonly driverError?: Failed };
  const failure = String(driverError?.code ?? code);
  if (!sqlite.test(failure) && !files.test(failure)) return null;
  return driverError?.message ?? message ?? failure;
}

interface Failed {
  readonly code?: unknown;
  readonly message?: string;
}

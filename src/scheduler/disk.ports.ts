/** The place where the service stores things. */
export interface Disk {
  /** Why nothing more can be stored, as a sentence, or null. */
  trouble(): Promise<string | null>;
}
export const DISK = Symbol('Disk');

const sqlite = /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN)/;
const files = /^(ENOSPC|EDQUOT|EROFS)$/;

/**
 * What the disk said when something could not be stored, of a database or of a file, in the words of whoever wrote; null
 * where the disk was not the reason.
 */
export function diskFailure(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, driverError, message } = error as Failed & { readonly driverError?: Failed };
  const said = String(driverError?.code ?? code);
  if (!sqlite.test(said) && !files.test(said)) return null;
  return driverError?.message ?? message ?? said;
}

interface Failed {
  readonly code?: unknown;
  readonly message?: string;
}

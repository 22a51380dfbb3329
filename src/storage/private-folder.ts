import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';

export const otherFolderHint = 'choose another folder with STINT_DATA';

/** The permission bits of all accounts but the owner. */
const othersMask = 0o077;
/**
 * In a folder with this bit only owners can rename or remove their files, so it is a folder shared by all, such as
 * /tmp.
 */
const sticky = 0o1000;
/** The most entries that one start checks. The root is closed first, so unchecked entries are out of reach anyway. */
const maxChecked = 20_000;

/** Names that Stint, its scripts or the file system itself create in a data folder. */
const ownNames = /^(\..*|stint\..*|quickstart\..*|models|learner|spark|uploads|check|backups?|lost\+found)$/;

/** Explains the error codes whose message by Node.js does not suit operators. */
const reasons: Readonly<Record<string, string>> = {
  EEXIST: 'it is a file',
  ENOTDIR: 'a part of its path is a file',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its disk is read-only',
};

/**
 * Creates a data folder that only its owner can read. If the folder exists and other accounts have access to it,
 * removes their access to it and to all its contents, and returns a sentence about that; else returns null. Throws if
 * the folder cannot be used, or contains files other than Stint's.
 */
export function preparePrivateFolder(folder: string): string | null {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK | constants.X_OK);
    readdirSync(folder);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new Error(
      `The data folder ${folder} cannot be used: ${reasons[code] ?? message}. Fix that, or ${otherFolderHint}.`,
    );
  }
  // Windows has no permission bits.
  if (process.getuid === undefined) return null;
  refuseSharedFolder(folder);
  return removeOthersAccess(folder);
}

/**
 * Creates an empty file that only its owner can read, if it does not exist. SQLite gives its other files the same mode.
 */
export function makePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Returns whether accounts other than the owner have any access. */
export const isOpenToOthers = (path: string): boolean =>
  process.getuid !== undefined && (statSync(path).mode & othersMask) !== 0;

/** Refuses a folder that other accounts work in, because changing its mode would lock them out. */
function refuseSharedFolder(folder: string): void {
  const { mode } = statSync(folder);
  if ((mode & othersMask) === 0) return;
  const own = `Give Stint a folder of its own, or ${otherFolderHint}.`;
  if ((mode & sticky) !== 0)
    throw new Error(`The data folder ${folder} is one that all accounts write into. ${own}`);
  const names = readdirSync(folder);
  if (names.includes('stint.sqlite')) return;
  const others = names.filter((name) => !ownNames.test(name));
  if (others.length === 0) return;
  const some = others.slice(0, 3).join(', ') + (others.length > 3 ? ', …' : '');
  throw new Error(
    `The data folder ${folder} is open to other accounts and holds other things than Stint's data (${some}). ${own}`,
  );
}

function removeOthersAccess(root: string): string | null {
  const counts = { closed: 0, failed: 0, checked: 0 };
  const close = (path: string): boolean => {
    const { mode } = lstatSync(path);
    if ((mode & othersMask) === 0) return true;
    try {
      chmodSync(path, mode & 0o7777 & ~othersMask);
      counts.closed += 1;
      return true;
    } catch {
      counts.failed += 1;
      return false;
    }
  };
  const rootClosed = close(root);
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(folder)) {
      if ((counts.checked += 1) > maxChecked) return describeClosing(root, rootClosed, counts);
      const path = join(folder, entry.name);
      // A link's target may be outside the folder, so it is not ours to change.
      if (entry.isSymbolicLink()) continue;
      try {
        close(path);
      } catch {
        // Removed meanwhile, by a runner that outlived the previous service.
        continue;
      }
      if (entry.isDirectory()) folders.push(path);
    }
  }
  return describeClosing(root, rootClosed, counts);
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function describeClosing(
  root: string,
  rootClosed: boolean,
  { closed, failed }: { readonly closed: number; readonly failed: number },
): string | null {
  if (closed === 0 && failed === 0) return null;
  const open = `The data folder ${root} was open to other accounts of this machine.`;
  const done = `The modes of ${closed} files and folders were changed to 600 and 700.`;
  const remedy = rootClosed
    ? `${failed} could not be changed.`
    : `The folder could not be closed, because another account owns it: run chmod 700 ${root} as that account.`;
  return [open, ...(closed > 0 ? [done] : []), ...(failed > 0 ? [remedy] : [])].join(' ');
}

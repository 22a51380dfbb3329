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

export const otherFolder = 'choose another folder with STINT_DATA';

/** The permission bits of all accounts but the owner. */
const ofOthers = 0o077;
/** Only the owner may rename or remove what is in such a folder, so everybody puts files there: /tmp. */
const sticky = 0o1000;
/** Files and folders looked at in one start. The folder itself is closed first, so what is left is out of reach. */
const mostChecked = 20_000;

/** What Stint and its scripts put into a data folder, and what a file system puts there by itself. */
const known = /^(\..*|stint\..*|quickstart\..*|models|learner|spark|uploads|check|backups?|lost\+found)$/;

/** What keeps a folder from being used, where Node's own words are not for people. */
const reasons: Readonly<Record<string, string>> = {
  EEXIST: 'it is a file',
  ENOTDIR: 'a part of its path is a file',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its disk is read-only',
};

/**
 * Makes a data folder that its owner alone can read. Closes one that exists and is open to other accounts, with all that is
 * in it; returns a sentence about that, or null where nothing was open. Throws where the folder cannot be used, or holds
 * files of others.
 */
export function preparePrivateFolder(folder: string): string | null {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK | constants.X_OK);
    readdirSync(folder);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new Error(
      `The data folder ${folder} cannot be used: ${reasons[code] ?? message}. Mend that, or ${otherFolder}.`,
    );
  }
  // Windows has no such bits.
  if (process.getuid === undefined) return null;
  refuseFolderOfOthers(folder);
  return closeAll(folder);
}

/** Makes an empty file that its owner alone can read, unless there is one. SQLite gives its other files the same mode. */
export function makePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Whether other accounts than the owner have any right on it. */
export const isOpenToOthers = (path: string): boolean =>
  process.getuid !== undefined && (statSync(path).mode & ofOthers) !== 0;

/** Changing the mode of a folder that others work in would lock them out, so such a folder is refused. */
function refuseFolderOfOthers(folder: string): void {
  const { mode } = statSync(folder);
  if ((mode & ofOthers) === 0) return;
  const own = `Give Stint a folder of its own, or ${otherFolder}.`;
  if ((mode & sticky) !== 0)
    throw new Error(`The data folder ${folder} is one that all accounts write into. ${own}`);
  const names = readdirSync(folder);
  if (names.includes('stint.sqlite')) return;
  const others = names.filter((name) => !known.test(name));
  if (others.length === 0) return;
  const some = others.slice(0, 3).join(', ') + (others.length > 3 ? ', …' : '');
  throw new Error(
    `The data folder ${folder} is open to other accounts and holds other things than Stint's data (${some}). ${own}`,
  );
}

function closeAll(root: string): string | null {
  const counts = { closed: 0, failed: 0, checked: 0 };
  const close = (path: string): boolean => {
    const { mode } = lstatSync(path);
    if ((mode & ofOthers) === 0) return true;
    try {
      chmodSync(path, mode & 0o7777 & ~ofOthers);
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
      if ((counts.checked += 1) > mostChecked) return said(root, rootClosed, counts);
      const path = join(folder, entry.name);
      // A link leads to something that is not ours to change.
      if (entry.isSymbolicLink()) continue;
      try {
        close(path);
      } catch {
        // Removed in the meantime, by a process that outlived the service before.
        continue;
      }
      if (entry.isDirectory()) folders.push(path);
    }
  }
  return said(root, rootClosed, counts);
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function said(
  root: string,
  rootClosed: boolean,
  { closed, failed }: { readonly closed: number; readonly failed: number },
): string | null {
  if (closed === 0 && failed === 0) return null;
  const open = `The data folder ${root} was open to other accounts of this machine.`;
  const done = `The modes of ${closed} files and folders were changed to 600 and 700.`;
  const left = rootClosed
    ? `${failed} could not be changed.`
    : `The folder could not be closed, because another account owns it: run chmod 700 ${root} as that account.`;
  return [open, ...(closed > 0 ? [done] : []), ...(failed > 0 ? [left] : [])].join(' ');
}

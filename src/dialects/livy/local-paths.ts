import { realpathSync } from 'node:fs';
import { isAbsolute, resolve, sep } from 'node:path';
import { BadRequestException } from '@nestjs/common';

export const rejected = (reason: string): BadRequestException =>
  new BadRequestException(`Rejected, Reason: ${reason}`);

/** Most files of this machine in one request. Looking up more would block the service for too long. */
const mostPaths = 1000;

/** Schemes that refer to a file inside an archive. They could get around the check of the folders. */
const wrappers = ['har', 'jar'];

/** Matches paths that Spark reads in the same way as a path and as a URI. */
const plain = /^[\w./@+=-]*$/;
const controls = /[\u0000-\u001f\u007f]/;

/**
 * Checks the files of this machine that a session names. They must be in the operator's folders (`local_dirs`), because
 * otherwise anyone could read what the service can read. Files elsewhere (hdfs:, s3a:, …) are not checked.
 */
export class LocalPaths {
  private readonly folders: readonly string[];
  private count = 0;
  /**
   * Real paths of the files that exist. The driver checks them again when Spark starts.
   */
  readonly resolved: string[] = [];

  constructor(private readonly localDirs: readonly string[]) {
    this.folders = localDirs.flatMap((dir) => real(resolve(dir)) ?? []);
  }

  /**
   * Checks a path or URI, which may end in `#alias`, and returns the form that Spark reads. Replaces a local path by
   * its real path, so that a link that changes later cannot lead elsewhere. Throws Livy's error for a forbidden path.
   */
  allowed(path: string): string {
    const [, bare = path, hash = '', alias = ''] = /^([^#]*)(#?)(.*)$/s.exec(path.trim()) ?? [];
    const [, scheme, rest = bare] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(bare) ?? [];
    const kind = scheme?.toLowerCase();
    if (controls.test(path)) throw this.refusal(path, 'It holds a control character.');
    if (kind !== undefined && wrappers.includes(kind))
      throw this.refusal(path, `Name the file without ${kind}:.`);
    if (kind !== undefined && !['file', 'local'].includes(kind)) return path.trim();
    if (hash !== '' && (!/^[\w.@+ -]+$/.test(alias) || /^\.+$/.test(alias)))
      throw this.refusal(path, `The part after # must be a plain name.`);
    // A file: URI may have a host, which is dropped, and percent-encoded characters.
    const target = kind === undefined ? rest : decoded(rest.replace(/^\/\/[^/]*/, ''));
    if (target === null || (kind === undefined && /%[0-9a-f]{2}/i.test(target)))
      throw this.refusal(path, 'Percent-encoded characters (%20) are possible only in file: URIs.');
    return formatted(this.file(path, target, kind === 'local'), kind) + hash + alias;
  }

  /** Checks an entry of a class path or library path. A relative one is in the session's own folder. */
  entry(path: string): string {
    if (controls.test(path)) throw this.refusal(path, 'It holds a control character.');
    if (!isAbsolute(path)) {
      if (path.split('/').includes('..')) throw this.refusal(path, 'It is outside the session’s folder.');
      return path;
    }
    const [, folder = path, all = ''] = /^(.*?)(\/\*)?$/s.exec(path) ?? [];
    return this.file(path, folder, true) + all;
  }

  /**
   * Returns the real path of a file. `path` is the text of the request, for messages. `mayBeMissing` is true for files
   * that other machines read too, which need not exist here.
   */
  private file(path: string, target: string, mayBeMissing: boolean): string {
    if (!isAbsolute(target))
      throw rejected(
        `requirement failed: Path '${path}' must be absolute, or have a scheme such as hdfs: or s3a:.`,
      );
    if (controls.test(target)) throw this.refusal(path, 'It holds a control character.');
    if (/[*?[\]{}\\]/.test(target))
      throw this.refusal(path, 'Patterns are not possible here: name each file.');
    if ((this.count += 1) > mostPaths)
      throw rejected(`requirement failed: more than ${mostPaths} files of the service's machine are named.`);
    const absolute = resolve(target);
    const configured = this.localDirs.map((dir) => resolve(dir));
    if (!isBelow(absolute, [...configured, ...this.folders])) throw this.refusal(path);
    const existing = real(absolute);
    const file = existing ?? (mayBeMissing ? realPrefix(absolute) : null);
    // This message is only for paths in the operator's folders: elsewhere it would reveal which files exist.
    if (file === null)
      throw rejected(`requirement failed: Local path ${path} leads to no file on the service's machine.`);
    if (!isBelow(file, this.folders) && !(mayBeMissing && isBelow(file, configured)))
      throw this.refusal(path);
    if (existing !== null) this.resolved.push(existing);
    return file;
  }

  private refusal(path: string, why?: string): BadRequestException {
    const { localDirs } = this;
    const dirs = localDirs.length === 0 ? 'none is set' : localDirs.join(', ');
    const rule = `Files of the service's machine must lie in the folders of the backend's option local_dirs (${dirs}); others can come from hdfs:, s3a: and the like.`;
    return rejected(
      `requirement failed: Local path ${path} cannot be added to user sessions. ${why ?? rule}`,
    );
  }
}

const isBelow = (file: string, folders: readonly string[]): boolean =>
  folders.some((dir) => file === dir || file.startsWith(dir.endsWith(sep) ? dir : dir + sep));

/** Returns the real path; null if there is no such file, or if the service may not read it. */
function real(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
}

/** Returns the path with its longest existing part replaced by the real path. */
function realPrefix(path: string): string {
  const parts = path.split(sep);
  for (let count = parts.length; count > 1; count -= 1) {
    const folder = real(parts.slice(0, count).join(sep));
    if (folder !== null) return resolve(folder, ...parts.slice(count));
  }
  return path;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Formats a file as the client sent it, but as a URI if Spark could misread the plain path. */
function formatted(file: string, kind: string | undefined): string {
  const inUri = plain.test(file) ? file : file.split('/').map(encodeURIComponent).join('/');
  if (kind === 'local') return `local:${inUri}`;
  return kind === 'file' || inUri !== file ? `file://${inUri}` : file;
}

import { realpathSync } from 'node:fs';
import { isAbsolute, resolve, sep } from 'node:path';
import { BadRequestException } from '@nestjs/common';

export const rejected = (reason: string): BadRequestException =>
  new BadRequestException(`Rejected, Reason: ${reason}`);

/** A request that names more files of this machine would keep the service from everything else. */
const mostPaths = 1000;

/** Looking into files of this kind, or of an archive on this machine, would go around the folders. */
const wrappers = ['har', 'jar'];

/** What Spark reads as it stands, in a path as well as in a URI. */
const plain = /^[\w./@+=-]*$/;
const controls = /[\u0000-\u001f\u007f]/;

/**
 * Which files of this machine a session may name: those in the operator's folders, `local_dirs`. Otherwise anyone could read
 * what the service can. Files elsewhere (hdfs:, s3a:, …) are not its business.
 */
export class LocalPaths {
  private readonly folders: readonly string[];
  private seen = 0;
  /** Real paths of the files that are there. They must still lead to themselves when Spark starts. */
  readonly resolved: string[] = [];

  constructor(private readonly localDirs: readonly string[]) {
    this.folders = localDirs.flatMap((dir) => real(resolve(dir)) ?? []);
  }

  /**
   * A path or URI, with `#alias` behind it where Spark takes one. Answers with what Spark is given: a local file by its real
   * path, so that a link which changes later leads nowhere else. Throws what Livy answers to a forbidden path.
   */
  allowed(path: string): string {
    const [, bare = path, hash = '', alias = ''] = /^([^#]*)(#?)(.*)$/s.exec(path.trim()) ?? [];
    const [, scheme, rest = bare] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(bare) ?? [];
    const kind = scheme?.toLowerCase();
    if (controls.test(path)) throw this.refused(path, 'It holds a control character.');
    if (kind !== undefined && wrappers.includes(kind))
      throw this.refused(path, `Name the file without ${kind}:.`);
    if (kind !== undefined && !['file', 'local'].includes(kind)) return path.trim();
    if (hash !== '' && (!/^[\w.@+ -]+$/.test(alias) || /^\.+$/.test(alias)))
      throw this.refused(path, `What stands behind # must be a plain name.`);
    // As a URI it may name a host, which a local file has not, and any character by its code.
    const named = kind === undefined ? rest : decoded(rest.replace(/^\/\/[^/]*/, ''));
    if (named === null || (kind === undefined && /%[0-9a-f]{2}/i.test(named)))
      throw this.refused(path, 'Characters by their codes (%20) stand in file: URIs only.');
    return written(this.file(path, named, kind === 'local'), kind) + hash + alias;
  }

  /** One entry of a class path or library path. A name without a slash in front lies in the session's own folder. */
  entry(path: string): string {
    if (controls.test(path)) throw this.refused(path, 'It holds a control character.');
    if (!isAbsolute(path)) {
      if (path.split('/').includes('..')) throw this.refused(path, 'It leads out of the session’s folder.');
      return path;
    }
    const [, folder = path, all = ''] = /^(.*?)(\/\*)?$/s.exec(path) ?? [];
    return this.file(path, folder, true) + all;
  }

  /** `isElsewhere`: it may be missing here, because it is meant for other machines as well. */
  private file(path: string, named: string, isElsewhere: boolean): string {
    if (!isAbsolute(named))
      throw rejected(
        `requirement failed: Path '${path}' must be absolute, or have a scheme such as hdfs: or s3a:.`,
      );
    if (controls.test(named)) throw this.refused(path, 'It holds a control character.');
    if (/[*?[\]{}\\]/.test(named))
      throw this.refused(path, 'Patterns are not possible here: name each file.');
    if ((this.seen += 1) > mostPaths)
      throw rejected(`requirement failed: more than ${mostPaths} files of the service's machine are named.`);
    const asked = resolve(named);
    const listed = this.localDirs.map((dir) => resolve(dir));
    if (!isBelow(asked, [...listed, ...this.folders])) throw this.refused(path);
    const here = real(asked);
    const file = here ?? (isElsewhere ? realAsFarAsItGoes(asked) : null);
    // Said only of what lies in the operator's folders: elsewhere nobody learns what there is.
    if (file === null)
      throw rejected(`requirement failed: Local path ${path} leads to no file on the service's machine.`);
    if (!isBelow(file, this.folders) && !(isElsewhere && isBelow(file, listed))) throw this.refused(path);
    if (here !== null) this.resolved.push(here);
    return file;
  }

  private refused(path: string, why?: string): BadRequestException {
    const { localDirs } = this;
    const said = localDirs.length === 0 ? 'none is set' : localDirs.join(', ');
    const rule = `Files of the service's machine must lie in the folders of the backend's option local_dirs (${said}); others can come from hdfs:, s3a: and the like.`;
    return rejected(
      `requirement failed: Local path ${path} cannot be added to user sessions. ${why ?? rule}`,
    );
  }
}

const isBelow = (file: string, folders: readonly string[]): boolean =>
  folders.some((dir) => file === dir || file.startsWith(dir.endsWith(sep) ? dir : dir + sep));

/** Null where there is nothing, or nothing that we may see. */
function real(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
}

/** The real path of the folders that exist, and the rest behind it. */
function realAsFarAsItGoes(path: string): string {
  const parts = path.split(sep);
  for (let count = parts.length; count > 1; count -= 1) {
    const found = real(parts.slice(0, count).join(sep));
    if (found !== null) return resolve(found, ...parts.slice(count));
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

/** In the form that was sent; as a URI, too, where Spark could read a plain path in another way. */
function written(file: string, kind: string | undefined): string {
  const inUri = plain.test(file) ? file : file.split('/').map(encodeURIComponent).join('/');
  if (kind === 'local') return `local:${inUri}`;
  return kind === 'file' || inUri !== file ? `file://${inUri}` : file;
}

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { api } from './api.mjs';
import { Failure } from './failure.mjs';
import { readJson } from './project.mjs';

const name = 'quickstart';

/** The tokens that quickstart needs again at its next start, in a file that only its owner may read. */
export class Credentials {
  #kept;

  static async open(data) {
    await mkdir(data, { recursive: true });
    const file = join(data, 'quickstart.json');
    const kept = existsSync(file) ? await readJson(file).catch(() => null) : {};
    if (kept === null) {
      throw new Failure(`${file} is no valid JSON.`, {
        hint: 'Remove it: quickstart then makes new tokens.',
      });
    }
    return new Credentials(file, kept, existsSync(join(data, 'stint.sqlite')));
  }

  constructor(file, kept, databaseExists) {
    this.file = file;
    this.#kept = kept;
    /** Known by now, or made up because the database is older than our file; else the service tells it when it starts. */
    this.admin =
      process.env.STINT_ADMIN_TOKEN ||
      kept.admin ||
      (databaseExists ? randomBytes(32).toString('hex') : null);
    this.madeByService = false;
  }

  /** What the service is told. A token that it made itself it knows. */
  get environment() {
    return this.admin && this.admin !== this.#kept.admin ? { STINT_ADMIN_TOKEN: this.admin } : {};
  }

  /** Reads the lines that the service writes for people: the first start prints the admin token there. */
  listen = (line) => {
    const printed = /\b(stint_[\w-]{32,})/.exec(line)?.[1];
    if (this.admin || !printed) return;
    this.admin = printed;
    this.madeByService = true;
  };

  /** The token of user "quickstart", made when there is none or when it no longer works. */
  async user(url) {
    const { user } = this.#kept;
    if (user && (await api(url, user.token, user.crn)('GET', '/jobs?limit=1', undefined, { optional: true })))
      return user;
    if (!this.admin)
      throw new Failure('The service did not say its admin token.', {
        hint: 'Set STINT_ADMIN_TOKEN and start again.',
      });
    const { token, crn } = await this.#makeUser(url);
    await this.#keep({ token, crn });
    return { token, crn };
  }

  #makeUser(url) {
    return api(url, this.admin)('POST', '/admin/tokens', { user: name, instance: name, role: 'user' });
  }

  async #keep(user) {
    // One from the environment is not ours to write down.
    const admin = this.madeByService ? this.admin : this.#kept.admin;
    this.#kept = { ...(admin && { admin }), user };
    const fresh = `${this.file}.new`;
    await writeFile(fresh, `${JSON.stringify(this.#kept, null, 2)}\n`, { mode: 0o600 });
    await chmod(fresh, 0o600);
    await rename(fresh, this.file);
  }
}

import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { api } from './api.mjs';
import { Failure } from './failure.mjs';
import { readJson } from './project.mjs';

const name = 'quickstart';

/** The tokens that quickstart needs again at its next start, in a file that only the owner can read. */
export class Credentials {
  #stored;

  static async open(data) {
    await mkdir(data, { recursive: true, mode: 0o700 });
    const file = join(data, 'quickstart.json');
    const stored = existsSync(file) ? await readJson(file).catch(() => null) : {};
    if (stored === null) {
      throw new Failure(`${file} is not valid JSON.`, {
        hint: 'Delete it, and quickstart creates new tokens.',
      });
    }
    return new Credentials(file, stored);
  }

  constructor(file, stored) {
    this.file = file;
    this.#stored = stored;
    this.admin = fromEnvironment() || stored.admin || null;
    this.madeByService = false;
  }

  /** Reads the service's output for people, because the first start prints the admin token there. */
  listen = (line) => {
    const printed = /\b(stint_[\w-]{32,})/.exec(line)?.[1];
    if (!printed) return;
    this.admin = printed;
    this.madeByService = true;
  };

  /** Returns the token of user "quickstart". Creates one if there is none or if it no longer works. */
  async user(url) {
    const { user } = this.#stored;
    if (user && (await works(url, user))) return user;
    const admin = this.admin ?? this.#unknownAdmin();
    const made = await api(url, admin)('POST', '/admin/tokens', { user: name, instance: name, role: 'user' });
    const { token, crn } = made;
    await this.#keep({ token, crn });
    return { token, crn };
  }

  #unknownAdmin() {
    throw new Failure(
      'quickstart does not know the admin token of this database, so it cannot make a user.',
      {
        hint:
          'It was printed when the service first started: run quickstart again with STINT_ADMIN_TOKEN=<that token>.\n' +
          'If it is lost, any new one of at least 32 characters takes its place. Or start afresh with STINT_DATA=<another folder>.',
      },
    );
  }

  async #keep(user) {
    // Does not store a token from the environment.
    const admin = this.madeByService ? this.admin : this.#stored.admin;
    this.#stored = { ...(admin && { admin }), user };
    const fresh = `${this.file}.new`;
    await writeFile(fresh, `${JSON.stringify(this.#stored, null, 2)}\n`, { mode: 0o600 });
    await chmod(fresh, 0o600);
    await rename(fresh, this.file);
  }
}

function fromEnvironment() {
  const { STINT_ADMIN_TOKEN: token, STINT_ADMIN_TOKEN_FILE: named } = process.env;
  // The service reports a file that cannot be read.
  return token || (named && existsSync(named) ? readFileSync(named, 'utf8').trim() : '');
}

const works = (url, { token, crn }) =>
  api(url, token, crn)('GET', '/jobs?limit=1', undefined, { optional: true });

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const inRoot = (...parts) => join(root, ...parts);
export const dataFolder = () => resolve(root, process.env.STINT_DATA || 'data');

/** Returns a path relative to the current folder, for messages. */
export const shown = (path) => {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
};

export const readJson = async (path) => JSON.parse(await readFile(path, 'utf8'));

/**
 * Returns one hash of the names and contents of files and, recursively, folders. Missing paths are part of the hash.
 */
export async function digest(paths, ...more) {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of await filesIn(path))
      hash.update(`${relative(root, file)}\0`).update(await readFile(file));
  }
  return hash.update(JSON.stringify(more)).digest('hex');
}

async function filesIn(path) {
  if (!existsSync(path)) return [];
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

// A stamp is a file inside the folder that it describes (node_modules, .venv, dist), so it is deleted with the folder.

export async function hasStamp(file, value) {
  return existsSync(file) && (await readFile(file, 'utf8')).trim() === value;
}

export async function writeStamp(file, value) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${value}\n`);
}

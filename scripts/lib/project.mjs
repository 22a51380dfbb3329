import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const inRoot = (...parts) => join(root, ...parts);
export const dataFolder = () => resolve(root, process.env.STINT_DATA || 'data');

/** How a path is shown to someone who stands in the project's folder. */
export const shown = (path) => {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
};

export const readJson = async (path) => JSON.parse(await readFile(path, 'utf8'));

/** One hash over the content and the names of files and, recursively, folders; what does not exist counts as absent. */
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

// A stamp lies inside what it vouches for (node_modules, .venv, dist), so removing that folder removes it too.

export async function hasStamp(file, value) {
  return existsSync(file) && (await readFile(file, 'utf8')).trim() === value;
}

export async function writeStamp(file, value) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${value}\n`);
}

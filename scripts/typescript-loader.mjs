import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

/** A mutation of a source file before it is compiled: `{ file, from, to }`. Only the simulator sets one. */
let mutation = null;

export function initialize(data) {
  mutation = data?.mutation ?? null;
}

export function resolve(specifier, context, next) {
  if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(url)) return { url: url.href, shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts') || url.includes('/node_modules/')) return next(url, context);
  const filename = fileURLToPath(url);
  const source = mutate(filename, await readFile(filename, 'utf8'));
  const { code } = await transform(source, { filename, swcrc: true });
  return { format: 'module', source: code, shortCircuit: true };
}

function mutate(filename, source) {
  if (mutation === null || !filename.endsWith(mutation.file)) return source;
  const parts = source.split(mutation.from);
  if (parts.length !== 2) {
    throw new Error(
      `The mutation finds "${mutation.from}" ${parts.length - 1} times in ${mutation.file}, not once.`,
    );
  }
  return parts.join(mutation.to);
}

#!/usr/bin/env node
// Every rule that code cites is in docs: `node scripts/citations.mjs`, part of `npm run check` (lint). Two forms are read:
//   (semantics: clocks)           a heading of docs/semantics.md
//   (livy dialect, retention)     a heading of docs/dialects/livy.md or livy-wire.md; inside src/dialects/livy the name may be left out
// A citation names a heading without regard to case; several are joined by a semicolon.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { inRoot, root } from './lib/project.mjs';

const folders = ['src', 'workers', 'test', 'bench', 'scripts', 'examples'];
const cites = /\((?:(semantics): |(?:([a-z][a-z-]*) )?dialect, )([^()]+(?:\([^()]*\)[^()]*)*)\)/gi;
/** What cannot be looked up in this repository. */
const elsewhere = /\bcontracts?\/|\bcontract §|\(§|semantics §/;

async function headingsOf(file) {
  const text = await readFile(inRoot('docs', file), 'utf8');
  const plain = (line) =>
    line
      .replace(/^#+\s+/, '')
      .replaceAll('`', '')
      .trim()
      .toLowerCase();
  return new Set(
    text
      .split('\n')
      .filter((line) => line.startsWith('#'))
      .map(plain),
  );
}

const docs = new Map([['semantics', await headingsOf('semantics.md')]]);
for (const file of await readdir(inRoot('docs', 'dialects'))) {
  const name = file.replace(/(-wire)?\.md$/, '');
  const headings = await headingsOf(join('dialects', file));
  docs.set(name, new Set([...(docs.get(name) ?? []), ...headings]));
}

const problems = [];
for (const folder of folders) {
  for (const file of await sources(folder)) {
    const path = relative(root, file);
    const text = unwrapped(await readFile(file, 'utf8'));
    for (const [, semantics, named, what] of text.matchAll(cites)) {
      const doc = semantics ? 'semantics' : (named?.toLowerCase() ?? dialectOf(path));
      for (const heading of what.split(';').map((each) => each.replaceAll('`', '').trim().toLowerCase())) {
        if (!docs.has(doc)) problems.push(`${path}: (${doc ?? '?'} dialect, ${heading}): no such document`);
        else if (!docs.get(doc).has(heading))
          problems.push(`${path}: docs has no heading "${heading}" for ${doc}`);
      }
    }
    const line = text.split('\n').find((each) => elsewhere.test(each));
    if (line !== undefined && !path.endsWith('citations.mjs'))
      problems.push(`${path}: this citation leads out of the repository: ${line.trim().slice(0, 120)}`);
  }
}
for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0 ? 'Every citation leads to a heading.' : `${problems.length} citations lead nowhere.`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

async function sources(folder) {
  const entries = await readdir(inRoot(folder), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && /\.(ts|mjs|py|R)$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.includes(`${sep}node_modules${sep}`));
}

/** Comments are wrapped: a citation may go on in the next line, behind the comment's own sign. */
function unwrapped(text) {
  return text.replace(/\n[ \t]*(?:\*(?!\/)|\/\/|#)[ \t]?/g, ' ');
}

function dialectOf(path) {
  return /^(?:src|test)\/dialects\/([^/]+)\//.exec(path.replaceAll(sep, '/'))?.[1];
}

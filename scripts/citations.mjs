#!/usr/bin/env node
// `node scripts/citations.mjs`, part of the step `lint` of `npm run check`: checks that every rule cited in the code is
// in docs, and that every link of a page has a target. It reads two forms of citations:
//   (semantics: clocks)           a heading of docs/semantics.md
//   (livy dialect, sessions)      a heading of docs/dialects/livy.md or livy-wire.md; src/dialects/livy may omit the name
// A citation names a heading, in any case. Several citations are separated by a semicolon.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { inRoot, root } from './lib/project.mjs';

const folders = ['src', 'workers', 'test', 'bench', 'scripts', 'examples'];
const cites = /\((?:(semantics): |(?:([a-z][a-z-]*) )?dialect, )([^()]+(?:\([^()]*\)[^()]*)*)\)/gi;
/** Links that lead out of this repository and are not checked. */
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
for (const page of ['README.md', 'CONTRIBUTING.md', ...(await pages('docs')), ...(await pages('examples'))]) {
  const text = await readFile(inRoot(page), 'utf8');
  for (const [, target = '', anchor] of text.matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)/g)) {
    const file = target === '' ? page : join(dirname(page), target);
    if (!existsSync(inRoot(file))) problems.push(`${page}: there is no ${file}`);
    else if (anchor !== undefined && !(await anchorsOf(file)).has(anchor))
      problems.push(`${page}: ${file} has no heading for #${anchor}`);
  }
}
for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0
    ? 'Every citation and link has a target.'
    : `${problems.length} citations or links have no target.`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

async function pages(folder) {
  const found = await readdir(inRoot(folder), { recursive: true });
  return found.filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
}

/** Returns the anchor that GitHub makes from a heading. */
async function anchorsOf(file) {
  const text = await readFile(inRoot(file), 'utf8');
  const headings = text.split('\n').filter((line) => /^#+ /.test(line));
  const slug = (line) =>
    line
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
  return new Set(headings.map(slug));
}

async function sources(folder) {
  const entries = await readdir(inRoot(folder), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && /\.(ts|mjs|py|R)$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.includes(`${sep}node_modules${sep}`));
}

/** Joins the lines of a comment, because a citation may continue on the next line after the comment sign. */
function unwrapped(text) {
  return text.replace(/\n[ \t]*(?:\*(?!\/)|\/\/|#)[ \t]?/g, ' ');
}

function dialectOf(path) {
  return /^(?:src|test)\/dialects\/([^/]+)\//.exec(path.replaceAll(sep, '/'))?.[1];
}

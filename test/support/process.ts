import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { eventually } from './eventually.js';

const project = resolve(import.meta.dirname, '../..');

/** Node's arguments to run one of our programs, compiled while loading. */
function compiled(main: string): string[] {
  const loader = `import { register } from 'node:module'; register('file://${project}/scripts/typescript-loader.mjs');`;
  return ['--import', `data:text/javascript,${encodeURIComponent(loader)}`, main];
}

/** Runs one of our programs in a separate process, compiled while loading. */
export function runCompiled(
  main: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...compiled(main), ...args],
      { cwd: tmpdir(), env: { PATH: process.env['PATH'], ...env } },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

/** One line of the service's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string; readonly level: number };

/** A service in a separate process, so that tests can send signals and read its log. `log` names a file for the log. */
export async function serviceProcess(env: Record<string, string>, log: number | 'pipe' = 'pipe') {
  const main = resolve(project, 'src/main.ts');
  const child = spawn(process.execPath, compiled(main), {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'] ?? '', STINT_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', log],
  }) as ChildProcessByStdio<null, Readable, Readable | null>;
  const lines: LogLine[] = [];
  let raw = '';
  if (child.stderr !== null)
    createInterface({ input: child.stderr }).on('line', (line) => {
      raw += `${line}\n`;
      if (line.startsWith('{')) lines.push(JSON.parse(line) as LogLine);
    });
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  const listening = new Promise<string>((found) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, url] = /^Stint listens on (\S+)/.exec(line) ?? [];
      if (url !== undefined) found(url);
    });
  });
  const url = await Promise.race([listening, ended]);
  if (typeof url !== 'string') throw new Error(`The service ended: ${raw}`);
  return {
    url,
    lines,
    ended,
    /** The whole log so far. */
    raw: () => raw,
    signal: (name: NodeJS.Signals) => child.kill(name),
    /** Waits for the first matching line of the log and returns it. */
    line: (what: string, fits: (line: LogLine) => boolean) => eventually(what, () => lines.find(fits)),
  };
}

import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';

const project = resolve(import.meta.dirname, '../..');

/** A program of ours in a process of its own, compiled on the way. */
export function runCompiled(
  main: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const loader = `import { register } from 'node:module'; register('file://${project}/scripts/typescript-loader.mjs');`;
  const compiled = ['--import', `data:text/javascript,${encodeURIComponent(loader)}`, main];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...compiled, ...args],
      { cwd: tmpdir(), env: { PATH: process.env['PATH'], ...env } },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

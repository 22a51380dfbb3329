import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessLog } from '../scheduler/ports.js';
import { markOf, type ProcessMark } from './process-table.js';

/** A note about a process that may outlive the service, by which the next service finds the process. */
export interface ProcessNote extends ProcessMark {
  readonly type: 'interpreter' | 'batch';
  /** The id of the session, or of the batch's job. */
  readonly id: string;
  /** The job that started the process. Its log gets the last lines of the process. */
  readonly job: string;
  readonly backend: string;
  readonly socket: string | null;
}

export interface ProcessCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** The complete environment. No variable of the service's own environment is added. */
  readonly env: Readonly<Record<string, string>>;
}

const noteFile = 'service.json';

/**
 * Starts a process that outlives the service, in a process group and login session of its own. The process writes its
 * output to files in `folder`. The folder is temporary: it is deleted after the process has ended.
 */
export function startDetached(
  folder: string,
  how: ProcessCommand,
  note: Omit<ProcessNote, keyof ProcessMark>,
  files: Readonly<Record<string, unknown>>,
): { readonly child: ChildProcess; readonly note: ProcessNote | null } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), JSON.stringify(content), { mode: 0o600 });
  const logs = ['stdout.log', 'stderr.log'].map((name) => openSync(join(folder, name), 'a', 0o600));
  try {
    const child = spawn(how.command, [...how.args, '--folder', folder], {
      cwd: folder,
      env: how.env,
      detached: true,
      stdio: ['ignore', logs[0], logs[1]],
    });
    child.unref();
    if (child.pid === undefined) return { child, note: null };
    const complete: ProcessNote = { ...note, ...markOf(child.pid) };
    writeFileSync(join(folder, noteFile), JSON.stringify(complete), { mode: 0o600 });
    return { child, note: complete };
  } finally {
    logs.forEach(closeSync);
  }
}

/** Reads the notes that an earlier service left below `root`, with their folders; null for a folder without a note. */
export function notesBelow(root: string): { folder: string; note: ProcessNote | null }[] {
  if (!existsSync(root)) return [];
  return readdirSync(root).map((name) => {
    const folder = join(root, name);
    return { folder, note: readJson<ProcessNote>(join(folder, noteFile)) };
  });
}

/** Reads a JSON file. Returns null if it does not exist or is incomplete. */
export function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return null;
  }
}

/** The most lines of each stream (Livy dialect, limits), and the bytes that are read per line. */
const linesKept = 200;
const bytesPerLine = 1024;

/**
 * Returns the last lines that a process wrote to its files. A log of full length starts with a line about the bytes
 * that are not shown. A shorter log does not: its caller requested fewer lines.
 */
export async function lastLines(folder: string, most = linesKept): Promise<ProcessLog> {
  const [stdout, stderr] = await Promise.all(
    ['stdout.log', 'stderr.log'].map(async (name) => {
      const { lines, before } = await tail(join(folder, name), most);
      return before > 0 && most >= linesKept
        ? [`… ${before} bytes before this are not shown`, ...lines]
        : lines;
    }),
  );
  return { stdout: stdout ?? [], stderr: stderr ?? [] };
}

/** Reads the last lines of a file. `before` is the number of bytes before them. */
async function tail(file: string, most: number): Promise<{ lines: string[]; before: number }> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return { lines: [], before: 0 };
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, most * bytesPerLine);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const parts = buffer.toString('utf8').split('\n');
    // Drop the empty part after the last line end.
    const lines = parts.at(-1) === '' ? parts.slice(0, -1) : parts;
    // If the file is longer, the first line is incomplete. Drop it unless it is the only one.
    const complete = size > length && lines.length > 1 ? lines.slice(1) : lines;
    const last = complete.slice(-most);
    const bytes = last.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    const isAll = size === length && last.length === lines.length;
    return { lines: last, before: isAll ? 0 : Math.max(1, size - bytes) };
  } finally {
    await handle.close();
  }
}

/**
 * Deletes the folder of a process, and its socket if that is elsewhere, because a killed process cannot do so. Retries,
 * because the process may still be writing.
 */
export async function removeFolder(folder: string): Promise<void> {
  const socket = readJson<ProcessNote>(join(folder, noteFile))?.socket ?? null;
  if (socket !== null) await rm(socket, { force: true }).catch(() => undefined);
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }).catch(() => undefined);
}

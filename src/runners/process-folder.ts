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

/** What the service notes about a process that may outlive it, to find it again. */
export interface ProcessNote extends ProcessMark {
  readonly type: 'interpreter' | 'batch';
  /** The session, or the batch's job. */
  readonly id: string;
  /** The job that started it; its log gets the last lines. */
  readonly job: string;
  readonly backend: string;
  readonly socket: string | null;
}

export interface ProcessCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** All of it: nothing of the service's own environment is added. */
  readonly env: Readonly<Record<string, string>>;
}

const noteFile = 'service.json';

/**
 * Starts a process that outlives the service: in a group and session of its own, its output in files of `folder`, of which
 * nothing is left once it has ended.
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
    const noted: ProcessNote = { ...note, ...markOf(child.pid) };
    writeFileSync(join(folder, noteFile), JSON.stringify(noted), { mode: 0o600 });
    return { child, note: noted };
  } finally {
    logs.forEach(closeSync);
  }
}

/** The notes that an earlier service left below `root`, with their folders; null for a folder without a note. */
export function notesBelow(root: string): { folder: string; note: ProcessNote | null }[] {
  if (!existsSync(root)) return [];
  return readdirSync(root).map((name) => {
    const folder = join(root, name);
    return { folder, note: readJson<ProcessNote>(join(folder, noteFile)) };
  });
}

/** Null where there is no such file, or half of one. */
export function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return null;
  }
}

/** Lines kept of each stream (Livy dialect, limits), and how far back each of them is looked for. */
const linesKept = 200;
const bytesPerLine = 1024;

/**
 * The last lines that a process wrote to its files. A log as long as it is kept says how much stood before it; where fewer
 * lines are asked for, everybody knows that there may be more.
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

/** `before`: bytes that stand in front of the lines. */
async function tail(file: string, most: number): Promise<{ lines: string[]; before: number }> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return { lines: [], before: 0 };
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, most * bytesPerLine);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const read = buffer.toString('utf8').split('\n');
    // After the last line end nothing follows.
    const lines = read.at(-1) === '' ? read.slice(0, -1) : read;
    // The first is cut in two where the file is longer; it is shown only if there is no other.
    const whole = size > length && lines.length > 1 ? lines.slice(1) : lines;
    const shown = whole.slice(-most);
    const bytes = shown.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    const isAll = size === length && shown.length === lines.length;
    return { lines: shown, before: isAll ? 0 : Math.max(1, size - bytes) };
  } finally {
    await handle.close();
  }
}

/** A process that was killed may still be writing when its folder goes, and could not remove its socket elsewhere. */
export async function removeFolder(folder: string): Promise<void> {
  const socket = readJson<ProcessNote>(join(folder, noteFile))?.socket ?? null;
  if (socket !== null) await rm(socket, { force: true }).catch(() => undefined);
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }).catch(() => undefined);
}

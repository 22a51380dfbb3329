import { spawn } from 'node:child_process';
import { Failure } from './failure.mjs';
import { root } from './project.mjs';

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

/**
 * Runs a program to its end and returns its exit code and its output, stdout and stderr in order of arrival.
 * `onLine` gets each line; `log` is a stream that gets all output.
 */
export function run(command, args, { cwd = root, env = process.env, onLine, log, timeout } = {}) {
  log?.write(`\n$ ${[command, ...args].join(' ')}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const timer =
      timeout &&
      setTimeout(() => {
        take(`Stopped: not finished after ${timeout} s.\n`);
        child.kill('SIGKILL');
      }, timeout * 1000);
    let output = '';
    let rest = '';
    const take = (text) => {
      output += text;
      log?.write(text);
      if (!onLine) return;
      const lines = (rest + text).split(/\r?\n|\r/);
      rest = lines.pop();
      lines.forEach((line) => onLine(line));
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take);
    const done = () => {
      running.delete(child);
      clearTimeout(timer);
    };
    child.on('error', (error) => {
      done();
      reject(
        new Failure(
          `${command} could not be started: ${error.code === 'ENOENT' ? 'not found' : error.message}`,
        ),
      );
    });
    child.on('close', (code, signal) => {
      done();
      if (rest) onLine?.(rest);
      resolve({ code: code ?? 1, signal, output });
    });
  });
}

/** Like {@link run}, but throws a failure with `message` unless the exit code is 0. */
export async function mustRun(message, command, args, options = {}) {
  const result = await run(command, args, options);
  if (result.code === 0) return result;
  throw new Failure(message, { output: result.output, hint: options.hint });
}

export const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

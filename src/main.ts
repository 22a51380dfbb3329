import 'reflect-metadata';
import { closeSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dialects, drivers } from './app.module.js';
import { ConfigError } from './config/config-file.js';
import { loadConfig } from './config/config.js';
import { startService } from './service.js';

const indented = (lines: readonly string[]): string => lines.map((line) => `\n  ${line}`).join('');

/** Ends the process by the signal's default action. An orderly exit would fail to reset a terminal that is gone. */
function leaveBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function terminalIsGone(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
  }
}

/** Runs `npm start`: one process with the API, the clock and the runners. */
async function main(): Promise<void> {
  const home = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const sections = dialects.flatMap(({ settings }) => settings ?? []);
  const read = () => loadConfig(process.env, home, sections, drivers);
  // During the start there is nothing to reload, but without a listener SIGHUP would end the process.
  const ignore = () => undefined;
  process.on('SIGHUP', ignore);
  const service = await startService(read());
  if (service.newAdminToken !== null) {
    console.log(`Admin token, shown this once: ${service.newAdminToken}`);
  }
  console.log(`Stint listens on ${service.url} (API documentation: ${service.url}/api/v1/docs)`);
  for (const { title, url } of service.ownPorts) console.log(`${title} has its own port: ${url}`);
  let stopping = false;
  const stop = (why: string, leave: () => void = () => process.exit(0)) => {
    if (stopping) return;
    stopping = true;
    service.close(why).then(leave, (error: unknown) => {
      console.error(`Stopping failed: ${String(error)}`);
      process.exit(1);
    });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY;
  process.off('SIGHUP', ignore).on('SIGHUP', (signal) => {
    // A closing terminal sends SIGHUP, too. A service that was started in that terminal then ends.
    if (onTerminal && terminalIsGone()) stop(signal, () => leaveBy(signal));
    else void service.reload(read);
  });
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) {
    const { lines } = error;
    console.error(`The configuration is wrong:${lines.length === 1 ? ` ${lines[0]}` : indented(lines)}`);
  } else {
    console.error(error instanceof Error ? `Stint could not start: ${error.message}` : error);
    if (process.env['STINT_LOG_LEVEL'] === 'debug') console.error(error);
  }
  process.exit(1);
});

#!/usr/bin/env node
/**
 * Replaces the Python of Spark drivers. Started as `-m sparkdriver --folder …`, it speaks the attempt protocol
 * (docs/attempt-protocol.md) and evaluates JavaScript instead of Python. Started as `-m sparkdriver.batch`, it runs no
 * Spark.
 * - Special statements: `wait` (until it is cancelled), `deaf` (wait, and ignore a cancel), `until <file>` (wait until
 *   the file exists), `die <code>`, `noise <text>` (to stderr), `much <bytes>`, `json <text>` (return it unchanged),
 *   `pid`.
 * - Session properties: `fake.jvm` starts a child that plays the JVM; `fake.start` is `fail`, `die`, or a file to wait
 *   for; `fake.protocol` 1 speaks like an interpreter of Stint 0.2.
 * - A batch takes a file to wait for, or milliseconds, and an exit code.
 */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createContext, runInContext } from 'node:vm';
import { heard, said } from './version-one.mjs';

const folder = process.argv[process.argv.indexOf('--folder') + 1];
const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const started = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')[19];
writeFileSync(join(folder, 'driver.json'), JSON.stringify({ pid: process.pid, started }));

/** Waits until the test creates a file, so that timing does not depend on the machine. */
const whenThereIs = (file, then) => {
  const timer = setInterval(() => {
    if (!existsSync(file)) return;
    clearInterval(timer);
    then();
  }, 5);
  return timer;
};

if (process.argv.includes('sparkdriver.batch')) batch();
else driver();

function batch() {
  const { file, args } = read('batch.json');
  console.log(`runs ${file} with ${args.join(' ')}`);
  const end = (code) => {
    console.error(`ends with ${code}`);
    writeFileSync(join(folder, 'exit.json'), JSON.stringify({ code }));
    process.exit(code);
  };
  process.on('SIGTERM', () => process.exit(143));
  const [until = '0', code = '0'] = args;
  if (until.startsWith('/')) whenThereIs(until, () => end(Number(code)));
  else setTimeout(() => end(Number(code)), Number(until));
}

function driver() {
  const settings = read('settings.json');
  const how = settings.conf['fake.start'] ?? '';
  const variables = createContext({});
  const kept = new Map();
  let socket = null;
  let state = 'starting';
  let running = null;
  let cancel = () => undefined;
  const jvm = settings.conf['fake.jvm'] ? spawn('sleep', ['600'], { stdio: 'ignore' }) : null;
  const app = {
    jvm_pid: jvm?.pid ?? null,
    app_id: `app-${settings.session.slice(0, 8)}`,
    ui_url: 'http://127.0.0.1:4040',
  };
  const old = settings.conf['fake.protocol'] === '1';
  const write = (message) => socket?.write(`${JSON.stringify(message)}\n`);
  const send = (message) => (old ? said(message, 'driver') : [message]).forEach(write);
  const attempts = (...all) => all.filter(Boolean).map(({ job, token }) => ({ job, token }));
  const about = () => ({
    ...{ session: settings.session, state },
    ...(state !== 'starting' && { kinds: ['pyspark', 'spark', 'sql'], versions: {}, ...app }),
  });
  const sayState = () => {
    if (!old) return send({ type: 'interpreter', ...about() });
    const runs = running && { job: running.job, attempt: running.token };
    write({ type: 'ready', protocol: 1, pid: process.pid, running: runs, ...about() });
  };
  const greet = () => {
    if (!old) {
      const capabilities = ['acknowledge', 'resume', 'suggest'];
      send({
        ...{ type: 'ready', protocol: 2, pid: process.pid, programs: ['statement'] },
        ...{ capabilities, versions: {} },
      });
      send({ type: 'resume', running: attempts(running), ended: attempts(...kept.values()) });
    }
    sayState();
    for (const message of kept.values()) send(message);
  };
  const end = (code) => {
    rmSync(settings.socket, { force: true });
    process.exit(code);
  };
  process.on('SIGTERM', () => end(0));
  let orphan = setTimeout(() => end(4), 60_000);

  const server = createServer((connection) => {
    socket?.destroy();
    socket = connection;
    clearTimeout(orphan);
    greet();
    connection.on('error', () => undefined);
    createInterface({ input: connection })
      .on('line', (line) => hear(old ? heard(JSON.parse(line), 'driver') : JSON.parse(line)))
      .on('error', () => undefined);
    connection.on('close', () => {
      if (socket !== connection) return;
      socket = null;
      orphan = setTimeout(() => end(4), 60_000);
    });
  });
  if (existsSync(settings.socket)) rmSync(settings.socket);
  server.listen(settings.socket);
  console.log(`kind ${settings.kind}`);

  if (how === 'die') {
    console.error('no room for a JVM');
    end(1);
  }
  const begin = () => {
    if (how === 'fail') {
      send({ type: 'failed', message: 'Spark could not be started: no master.' });
      return setTimeout(() => end(2), 20);
    }
    state = 'idle';
    sayState();
  };
  if (how.startsWith('/')) whenThereIs(how, begin);
  // The reason can be sent only after the service has connected.
  else if (how === 'fail') server.once('connection', () => setTimeout(begin, 20));
  else setTimeout(begin, 0);

  function hear(message) {
    if (message.type === 'shutdown') end(0);
    if (message.type === 'acknowledge') kept.delete(message.token);
    if (message.type === 'suggest') {
      const words = [`${message.code}${message.cursor}`];
      const { request } = message;
      if (old) write({ type: 'candidates', request, candidates: words });
      else send({ type: 'suggestions', request, words });
    }
    if (message.type === 'cancel' && running?.token === message.token) cancel();
    if (message.type !== 'start' || running?.token === message.token || kept.has(message.token)) return;
    running = message;
    state = 'busy';
    const { job, token } = message;
    const { statement: execution_count, kind, code } = JSON.parse(message.params);
    appendFileSync(join(folder, 'stdout.log'), `runs ${execution_count}\n`);
    send({ type: 'started', job, token });
    const text = (value) => ({ status: 'ok', execution_count, data: { 'text/plain': value } });
    const wrong = (ename, evalue) => ({ status: 'error', execution_count, ename, evalue, traceback: [] });
    const done = (output, cancelled = false) => {
      const written = typeof output === 'string' ? output : JSON.stringify(output);
      const outcome = cancelled ? 'cancelled' : 'completed';
      const result = { type: 'result', job, token, outcome, result: written };
      running = null;
      state = 'idle';
      kept.set(token, result);
      send(result);
    };
    cancel = () => done(wrong('KeyboardInterrupt', ''), true);
    const [word, rest] = code.split(/ (.*)/s);
    if (word === 'deaf') cancel = () => undefined;
    if (word === 'noise') console.error(rest);
    if (word === 'die') process.stderr.write('the heap is full\n', () => end(Number(rest)));
    else if (word === 'wait' || word === 'deaf') sayProgress();
    else if (word === 'until') {
      const timer = whenThereIs(rest, () => done(text('there it is')));
      const before = cancel;
      cancel = () => {
        clearInterval(timer);
        before();
      };
    } else if (word === 'much') done(text('x'.repeat(Number(rest))));
    else if (word === 'json')
      done(`{"status":"ok","execution_count":${execution_count},"data":{"application/json":${rest}}}`);
    else if (word === 'pid') done(text(String(process.pid)));
    else if (word === 'length') done(text(String(code.length)));
    else if (word === 'kind') done(text(kind));
    else evaluate();

    function sayProgress() {
      if (old) write({ type: 'progress', job, attempt: token, value: 0.5 });
      else send({ type: 'progress', job, token, done: 1, total: 2, message: '' });
    }

    function evaluate() {
      try {
        const value = word === 'noise' ? '' : runInContext(code, variables);
        done(text(value === undefined ? '' : String(value)));
      } catch (error) {
        done(wrong(error.name, error.message));
      }
    }
  }
}

#!/usr/bin/env node
/**
 * A worker that speaks the attempt protocol and runs no program; params control its behaviour. `--name=value`:
 * - `ready`: milliseconds until it is ready; `never`; or `unsaid`, which works without reporting `ready`
 * - `protocol`: 1 speaks like a worker of Stint 0.2
 * - `last-words`: written to stderr; then the worker exits with code 3 instead of getting ready
 * - `leave=no`: ignores shutdown and the end of its input
 * - `births`: a file that gets a line with the process id of each worker
 * - `once`: names of programs that must not run twice
 * - `programs`: names of its programs
 * - `qiskit`: the version that it reports
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { heard, said } from './version-one.mjs';

const options = Object.fromEntries(process.argv.slice(2).map((text) => text.replace(/^--/, '').split('=')));
const old = options.protocol === '1';
const send = (message) => {
  for (const one of old ? said(message, 'worker') : [message])
    process.stdout.write(`${JSON.stringify(one)}\n`);
};
const later = (work, ms) => setTimeout(work, ms);
let cancelled = () => undefined;

/** Actions by the name in a job's `do`. `of` is the attempt; `params` are the job's other params. */
const deeds = {
  answer: (of) => result(of),
  fail: (of, { error }) =>
    send({
      type: 'result',
      ...of,
      outcome: 'failed',
      fault: 'program',
      message: '',
      reason_code: null,
      traceback: null,
      ...error,
    }),
  hang: () => undefined,
  'work until cancelled': (of) => {
    cancelled = () => send({ type: 'result', ...of, outcome: 'cancelled' });
  },
  die: (_, { words = '', code = 9 }) => process.stderr.write(words, () => process.exit(code)),
  'answer twice': (of) => {
    result(of);
    result(of);
  },
  'answer late': (of) => {
    result({ ...of, token: 'an earlier one' }, 'late');
    result({ ...of, job: 'another job' }, 'of another');
    result(of);
  },
  'flood the log': (of, { lines }) => {
    for (let i = 0; i < lines; i += 1) send({ type: 'log', ...of, level: 'info', text: `line ${i}` });
    process.stderr.write('noise\n'.repeat(lines));
    result(of);
  },
  'write rubbish': (of) => {
    process.stdout.write('Segmentation fault\n\0\xff{"type":\n[]\n{"type":"finished"}\n\n');
    process.stdout.write(`${JSON.stringify({ type: 'result', ...of, outcome: 'completed', result: 7 })}\n`);
    result(of);
  },
  'wait for nothing': () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  compute: (of, { milliseconds }) => {
    busy(milliseconds);
    result(of);
  },
  'let a child compute': (of, { milliseconds }) => {
    spawnSync(process.execPath, ['-e', `(${busy})(${milliseconds})`]);
    result(of);
  },
  'wait for a child': (_, { file }) =>
    spawnSync(process.execPath, [
      '-e',
      `require('fs').writeFileSync('${file}', String(process.pid)); setInterval(() => 0, 1e9)`,
    ]),
  'show its environment': (of) => result(of, process.env),
  'answer too much': (_, { bytes }) => process.stdout.write('x'.repeat(bytes)),
};

function busy(milliseconds) {
  const end = Date.now() + milliseconds;
  while (Date.now() < end);
}

const result = (of, from = String(process.pid)) =>
  send({ type: 'result', ...of, outcome: 'completed', result: JSON.stringify(from) });

function read(line) {
  const message = old ? heard(JSON.parse(line), 'worker') : JSON.parse(line);
  if (message.type === 'shutdown' && options.leave !== 'no') process.exit(0);
  if (message.type === 'cancel') cancelled();
  if (message.type !== 'start') return;
  const of = { job: message.job, token: message.token };
  const params = JSON.parse(message.params);
  if (params.do === 'not even begin') return;
  send({ type: 'started', ...of });
  send({ type: 'log', ...of, level: 'debug', text: `pid ${process.pid}` });
  send({ type: 'progress', ...of, done: 0, total: 1, message: params.do });
  deeds[params.do](of, params);
}

function begin() {
  const protocol = Number(options.protocol ?? 2);
  if (options.ready !== 'unsaid')
    send({
      type: 'ready',
      protocol,
      pid: process.pid,
      programs: options.programs?.split(',') ?? [],
      not_repeatable: options.once?.split(','),
      versions: options.qiskit ? { qiskit: options.qiskit } : {},
    });
  createInterface({ input: process.stdin })
    .on('line', read)
    .on('close', () => options.leave === 'no' || process.exit(0));
}

if (options.births !== undefined) appendFileSync(options.births, `${process.pid}\n`);
if (options.leave === 'no') later(() => undefined, 1e9);
if (options['last-words'] !== undefined)
  process.stderr.write(`warming up\n${options['last-words']}\n`, () => process.exit(3));
else if (options.ready === 'never') later(() => undefined, 1e9);
else if (Number(options.ready) > 0) later(begin, Number(options.ready));
else begin();

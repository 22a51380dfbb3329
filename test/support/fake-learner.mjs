#!/usr/bin/env node
/**
 * A learner without statistics: speaks the attempt protocol, reads its input files and writes results of the right
 * form. The first row of a column `do` in the data sets its behaviour: `fail`, `hang`, `rubbish`, `die`, or `tell`,
 * which returns the requested imputations. A prediction for a row whose `do` is `pid` is the worker's process id.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const csv = (rows) => rows.map((row) => `${row.join(',')}\r\n`).join('');
const algorithm = { name: 'Mean', description: 'The mean of everything', key: 'mean' };
let cancel = () => undefined;

function readData({ path }) {
  const [names, ...rows] = readFileSync(path, 'utf8')
    .trim()
    .split('\r\n')
    .map((line) => line.split(','));
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
}

const numbersOf = (rows, name) =>
  rows.map((row) => Number(row[name])).filter((value) => !Number.isNaN(value));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function* moments({ start, end, interval }) {
  const at = new Date(start);
  while (at <= new Date(end)) {
    yield at.toISOString();
    if (interval === 'hour') at.setUTCHours(at.getUTCHours() + 1);
    else if (interval === 'day') at.setUTCDate(at.getUTCDate() + 1);
    else if (interval === 'week') at.setUTCDate(at.getUTCDate() + 7);
    else if (interval === 'month') at.setUTCMonth(at.getUTCMonth() + 1);
    else at.setUTCFullYear(at.getUTCFullYear() + 1);
  }
}

const programs = {
  forecast(params, rows, write) {
    const value = mean(numbersOf(rows, params.target));
    const [time] = Object.entries(params.columns).find(([, { role }]) => role === 'timestamp');
    const at = (level) => [[time, params.target], ...[...moments(params)].map((t) => [t, value + level])];
    const files = Object.fromEntries(
      ['0.2', '0.5', '0.8'].map((q) => [q, write(`results-${q}.csv`, at(Number(q)))]),
    );
    const outliers = write('outliers.csv', [
      [time, `${params.target}:actual`, `${params.target}:smooth`],
      ['2017-01-03', 9, 5],
    ]);
    return {
      metrics: { meanAbsoluteError: 1.5, meanAbsolutePercentError: 0.02, rSquared: null },
      intervals: ['0.2', '0.5', '0.8'],
      rows: { path: 'results-0.5.csv', files },
      details: { outliers: { path: outliers } },
    };
  },
  impact(params, rows, write) {
    const value = mean(numbersOf(rows, params.target));
    const [time] = Object.entries(params.columns).find(([, { role }]) => role === 'timestamp');
    const table = [[time, params.target], ...[...moments(params)].map((t) => [t, value])];
    return {
      metrics: { pValue: 0.04, absoluteEffect: 12.5, relativeEffect: 0.1 },
      intervals: ['0.5'],
      rows: { path: write('results.csv', table) },
    };
  },
  regression: (params, rows, write) => model(params, rows, write, { meanAbsoluteError: 2, rSquared: 0.9 }),
  classification(params, rows, write) {
    const classes = [...new Set(rows.map((row) => row[params.target]))];
    const scores = [
      [params.target, ...classes.map((name) => `${params.target}:${name}`)],
      [classes[0], ...classes.map(() => 0.5)],
    ];
    const made = model(params, rows, write, { macroAverageF1Score: 1, accuracy: 1 });
    return {
      ...made,
      details: {
        ...made.details,
        confusionMatrix: { classes, matrix: classes.map(() => classes.map(() => 1)) },
        classScores: { path: write('classscores.csv', scores), classes },
      },
    };
  },
  anomalies(params, rows, write) {
    const names = Object.keys(rows[0]);
    const table = (all) => [
      ['anomaly', ...names],
      ...all.map((row, i) => [-0.1 * i, ...names.map((name) => row[name])]),
    ];
    return {
      metrics: { percentAnomalies: 0.1 },
      intervals: [],
      rows: { path: write('results.csv', table(rows.slice(0, 2))) },
      details: { anomalyScores: { path: write('scores.csv', table(rows)) } },
      model: store(write, params),
    };
  },
};

function model(params, rows, write, metrics) {
  const test = rows.slice(0, Math.ceil(rows.length / 5));
  const names = Object.keys(rows[0]).filter((name) => name !== params.target);
  const table = [
    [params.target, `${params.target}:actual`, ...names],
    ...test.map((row) => [row[params.target], row[params.target], ...names.map((name) => row[name])]),
  ];
  return {
    metrics,
    intervals: [],
    rows: { path: write('results.csv', table) },
    details: { featureImportance: Object.fromEntries(names.map((name, i) => [name, 1 / (i + 1)])) },
    model: store(write, params),
  };
}

function store(write, { target, columns }) {
  const text = JSON.stringify({ target: target ?? 'anomaly', columns });
  const path = write('model.skops', text);
  return { path, sha256: createHash('sha256').update(text).digest('hex') };
}

function predict({ model: { path, sha256 }, rows, include_class_scores: scores }) {
  const text = readFileSync(path, 'utf8');
  if (createHash('sha256').update(text).digest('hex') !== sha256) throw new Error('the model is another one');
  const { target } = JSON.parse(text);
  if (rows.some((row) => row.do === 'fail')) return { fail: 'Row 1: do cannot be fail.' };
  return {
    rows: rows.map((row) => ({
      ...row,
      [target]: row.do === 'pid' ? String(process.pid) : '42',
      ...(scores && { [`${target}:42`]: '0.9' }),
    })),
    messages: [],
  };
}

function run({ job, token, program, params: text }) {
  const of = { job, token };
  const params = JSON.parse(text);
  const fail = (fault, message, traceback = null) =>
    send({ type: 'result', ...of, outcome: 'failed', fault, message, reason_code: null, traceback });
  const answer = (result) =>
    send({ type: 'result', ...of, outcome: 'completed', result: JSON.stringify(result) });
  send({ type: 'started', ...of });
  if (program === 'predict') {
    const made = predict(params);
    return made.fail ? fail('input', made.fail) : answer(made);
  }
  const rows = readData(params.data);
  send({ type: 'progress', ...of, done: 1, total: 3, message: 'Mean' });
  const [first] = rows;
  if (first?.do === 'fail')
    return fail('input', 'The column sales has the text "many" in row 3, but it is numeric.');
  if (first?.do === 'die') process.exit(9);
  if (first?.do === 'rubbish') return answer({ metrics: 'none' });
  if (first?.do === 'hang') return (cancel = () => send({ type: 'result', ...of, outcome: 'cancelled' }));
  const write = (name, table) => {
    writeFileSync(join(params.folder, name), typeof table === 'string' ? table : csv(table));
    return name;
  };
  const made = programs[program](params, rows, write);
  const champion = {
    id: 0,
    algorithm,
    metrics: made.metrics,
    dataSourceProperties: ['Imputed'],
    champion: true,
  };
  const loser = {
    ...champion,
    id: 1,
    algorithm: { ...algorithm, name: 'Naive', key: 'naive' },
    champion: false,
  };
  const given = Object.entries(params.columns).map(([name, { imputation }]) => `${name}: ${imputation}`);
  const words = first?.do === 'tell' ? given.join(', ') : `${rows.length} observations were found.`;
  answer({
    algorithm,
    messages: [{ severity: 'informational', message: words }],
    contestants: [{ ...champion, rows: { path: made.rows.path } }, loser],
    selection: [{ dataSetProperties: [], metrics: { observationCount: rows.length } }],
    model: null,
    details: {},
    ...made,
  });
}

send({ type: 'ready', protocol: 2, pid: process.pid, programs: [], versions: {} });
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line);
    if (message.type === 'shutdown') process.exit(0);
    if (message.type === 'cancel') cancel();
    if (message.type === 'start') run(message);
  })
  .on('close', () => process.exit(0));

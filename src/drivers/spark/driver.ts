import { join } from 'node:path';
import { defaultLimits, type BackendLimits } from '../../kernel/backend/backend.js';
import { Refusal } from '../../kernel/refusal.js';
import { seconds } from '../../kernel/time.js';
import { InterpreterRunners, interpreterPrograms } from '../../runners/interpreter-runners.js';
import type { Driver } from '../driver.js';
import { count, flag, object, text, texts, type Options } from '../options.js';
import { proxies } from '../worker-environment.js';
import { rMissing } from './r-installation.js';

/** Default of `sql_rows`, the rows in a SQL answer (as in Livy), and of its maximum `max_sql_rows`. */
const defaultSqlRows = 1000;
const defaultMaxSqlRows = 100_000;

const options: Options = {
  master: text,
  conf: object,
  local_dirs: texts,
  blocked_conf: texts,
  busy_is_idle: flag,
  plain_r: flag,
  sql_rows: { ...count, otherwise: defaultSqlRows },
  max_sql_rows: { ...count, otherwise: defaultMaxSqlRows },
};

/**
 * Default limits. A session is an interactive interpreter: as in Livy, it may be idle for an hour and open for eight. A
 * statement is limited only by the lifetime of its session.
 */
const limits: BackendLimits = {
  ...defaultLimits,
  activeTtl: defaultLimits.maxTtl,
  interactiveTtl: { dedicated: seconds(3600), batch: seconds(3600) },
  maxExecutionTime: seconds(7 * 24 * 3600),
};

/** Interactive Spark: each session is one process (docs/attempt-protocol.md). */
export const spark: Driver = {
  name: 'spark',
  program: { key: 'spark_python', variable: 'STINT_SPARK_PYTHON', environment: '.venv-spark' },
  environment: [
    // Spark sessions download packages; processes of other drivers need no network.
    ...proxies,
    ...['JAVA_HOME', 'SPARK_*', 'PYSPARK_PYTHON', 'PYSPARK_DRIVER_PYTHON', 'MPLBACKEND', 'MPLCONFIGDIR'],
    ...['HADOOP_HOME', 'HADOOP_CONF_DIR', 'HADOOP_USER_NAME', 'YARN_CONF_DIR', 'HIVE_CONF_DIR'],
    ...['KRB5_CONFIG', 'R_HOME', 'R_LIBS', 'R_LIBS_USER', 'R_LIBS_SITE'],
  ],
  options,
  checkOptions: checkRows,
  programs: interpreterPrograms,
  limits,
  perSession: true,
  runners({ program, environment, machine, home, data, stoppedAfter }) {
    const env = { ...environment, PYTHONUNBUFFERED: '1', PYTHONPATH: join(home, 'workers') };
    const start = (command: string, module: string) => ({ command, args: ['-m', module], env });
    const interpreters = new InterpreterRunners({
      driver: spark.name,
      commands:
        program === undefined
          ? null
          : { interpreter: start(program, 'sparkdriver'), batch: start(program, 'sparkdriver.batch') },
      missing: program === undefined ? 'Spark is not installed: see docs/dialects/livy.md' : null,
      root: data,
      patience: { stopped: stoppedAfter },
      kindMissing: (kind, { plain_r: plain }) =>
        kind === 'sparkr' ? rMissing(machine, program, plain === true) : null,
    });
    return {
      runners: [interpreters],
      interpreters,
      resume: () => interpreters.resume(),
      close: () => interpreters.close(),
    };
  },
};

function checkRows(name: string, { sql_rows, max_sql_rows }: Readonly<Record<string, unknown>>): void {
  const rows = Number(sql_rows ?? defaultSqlRows);
  const most = Number(max_sql_rows ?? defaultMaxSqlRows);
  // A maximum below the default is no contradiction: the operator did not set the default, so the maximum replaces it.
  if (sql_rows == null || rows <= most) return;
  throw new Refusal('option_exceeded', {
    ...{ backend: name, option: 'sql_rows', value: rows, limit: 'max_sql_rows', most },
  });
}

/** The environment of the service in this test, and the variables that each kind of process may have. */

const passed = ['PATH', 'HOME', 'JAVA_HOME', 'LD_LIBRARY_PATH'].filter((name) => process.env[name]);

/** Variables that any machine needs. All are on the allow-list of src/drivers/worker-environment.ts. */
export const machine = {
  ...Object.fromEntries(passed.map((name) => [name, process.env[name]])),
  ...{ LANG: 'C.UTF-8', TZ: 'UTC' },
};

const decoy = 'decoy-0451';

/** Secrets, which no process that runs users' code may have. */
export const secrets = (adminToken) => ({
  STINT_ADMIN_TOKEN: adminToken,
  SECRET_DECOY: '1',
  AWS_ACCESS_KEY_ID: decoy,
  AWS_SECRET_ACCESS_KEY: decoy,
  DATABASE_URL: `postgres://stint:${decoy}@db/stint`,
  GITHUB_TOKEN: decoy,
  SSH_AUTH_SOCK: `/tmp/${decoy}`,
  // These match a pattern of the allow-list but must be left out.
  LC_API_TOKEN: decoy,
  OMP_SECRET: decoy,
  SPARK_PASSWORD: decoy,
  HTTPS_PROXY: `http://user:${decoy}@proxy.invalid:3128`,
});

const secretNames = Object.keys(secrets(''));

/** Finds a secret by its name, or by its value under another name. */
export const holdsSecret = (environment) =>
  Object.entries(environment).some(
    ([name, value]) => secretNames.includes(name) || name.startsWith('STINT_') || value.includes(decoy),
  );

const everyKind = [...Object.keys(machine), 'PYTHONUNBUFFERED'];
const driver = [...everyKind, 'PYTHONPATH'];
/** Variables that our driver sets for the interpreters of a session: see workers/sparkdriver/spark.py. */
const session = [...driver, 'TMPDIR', 'PYSPARK_PYTHON', 'MPLBACKEND', 'SPARK_LOCAL_IP'];
/** Variables that pyspark sets when it connects to a JVM. */
const joined = ['SPARK_AUTH_SOCKET_TIMEOUT', 'SPARK_BUFFER_SIZE'];
/** Variables that Spark's bin/spark-submit sets. */
const submitted = [
  'SPARK_HOME',
  'SPARK_CONF_DIR',
  'SPARK_ENV_LOADED',
  'SPARK_SCALA_VERSION',
  'PYTHONHASHSEED',
];
const jvm = [...session, ...submitted, 'SPARK_CONNECT_MODE', '_PYSPARK_DRIVER_CONN_INFO_PATH'];

/** Variables that some versions of bash set. Spark starts its JVM through bash. */
export const ofShells = ['PWD', 'OLDPWD', 'SHLVL', '_'];

export const allowed = {
  aer: [...everyKind, 'OMP_NUM_THREADS'],
  learner: [...everyKind, 'OMP_NUM_THREADS'],
  driver,
  session: [...session, ...joined],
  jvm,
  /** Variables that Spark sets for each worker, besides those of the JVM. The secret is valid only for this worker. */
  pythonWorker: [
    ...jvm,
    ...joined,
    ...['OMP_NUM_THREADS', 'SPARK_JOB_ARTIFACT_UUID', 'SPARK_LOCAL_DIRS', 'SPARK_PYTHON_RUNTIME'],
    ...['SPARK_REUSE_WORKER', 'PYTHON_DAEMON_KILL_WORKER_ON_FLUSH_FAILURE', 'PYTHON_UDF_BATCH_SIZE'],
    'PYTHON_WORKER_FACTORY_SECRET',
  ],
  /** The gateway and its secret belong to the batch's own JVM. */
  batch: [
    ...driver,
    ...submitted,
    ...['TMPDIR', 'PYSPARK_PYTHON', 'PYSPARK_GATEWAY_PORT', 'PYSPARK_GATEWAY_SECRET'],
    ...['MASTER', 'SPARK_BEELINE_OPTS'],
  ],
};

/** What the service of this test is started with, and what of it each kind of process may have. */

const passed = ['PATH', 'HOME', 'JAVA_HOME', 'LD_LIBRARY_PATH'].filter((name) => process.env[name]);

/** What any machine needs, and all of it is on the allow-list of src/config/worker-environment.ts. */
export const machine = {
  ...Object.fromEntries(passed.map((name) => [name, process.env[name]])),
  ...{ LANG: 'C.UTF-8', TZ: 'UTC' },
};

const decoy = 'decoy-0451';

/** Nothing of this is for a process that runs what somebody has sent. */
export const secrets = (adminToken) => ({
  STINT_ADMIN_TOKEN: adminToken,
  SECRET_DECOY: '1',
  AWS_ACCESS_KEY_ID: decoy,
  AWS_SECRET_ACCESS_KEY: decoy,
  DATABASE_URL: `postgres://stint:${decoy}@db/stint`,
  GITHUB_TOKEN: decoy,
  SSH_AUTH_SOCK: `/tmp/${decoy}`,
  // These fit a pattern of the list, and are left out all the same.
  LC_API_TOKEN: decoy,
  OMP_SECRET: decoy,
  SPARK_PASSWORD: decoy,
  HTTPS_PROXY: `http://user:${decoy}@proxy.invalid:3128`,
});

const secretNames = Object.keys(secrets(''));

/** By its name, or by its value under another name. */
export const holdsSecret = (environment) =>
  Object.entries(environment).some(
    ([name, value]) => secretNames.includes(name) || name.startsWith('STINT_') || value.includes(decoy),
  );

const everyKind = [...Object.keys(machine), 'PYTHONUNBUFFERED'];
const driver = [...everyKind, 'PYTHONPATH'];
/** What our driver sets for the interpreters of a session: see workers/sparkdriver/spark.py. */
const session = [...driver, 'TMPDIR', 'PYSPARK_PYTHON', 'MPLBACKEND', 'SPARK_LOCAL_IP'];
/** Set by pyspark where it joins a JVM. */
const joined = ['SPARK_AUTH_SOCKET_TIMEOUT', 'SPARK_BUFFER_SIZE'];
/** Set by Spark's bin/spark-submit. */
const submitted = [
  'SPARK_HOME',
  'SPARK_CONF_DIR',
  'SPARK_ENV_LOADED',
  'SPARK_SCALA_VERSION',
  'PYTHONHASHSEED',
];
const jvm = [...session, ...submitted, 'SPARK_CONNECT_MODE', '_PYSPARK_DRIVER_CONN_INFO_PATH'];

/** Set by bash, through which Spark starts its JVM. One bash does and another does not. */
export const ofShells = ['PWD', 'OLDPWD', 'SHLVL', '_'];

export const allowed = {
  aer: [...everyKind, 'OMP_NUM_THREADS'],
  learner: [...everyKind, 'OMP_NUM_THREADS'],
  driver,
  session: [...session, ...joined],
  jvm,
  /** Besides the JVM's own: set by Spark for each of its workers. The secret is made for this worker alone. */
  pythonWorker: [
    ...jvm,
    ...joined,
    ...['OMP_NUM_THREADS', 'SPARK_JOB_ARTIFACT_UUID', 'SPARK_LOCAL_DIRS', 'SPARK_PYTHON_RUNTIME'],
    ...['SPARK_REUSE_WORKER', 'PYTHON_DAEMON_KILL_WORKER_ON_FLUSH_FAILURE', 'PYTHON_UDF_BATCH_SIZE'],
    'PYTHON_WORKER_FACTORY_SECRET',
  ],
  /** The gateway and its secret are of the batch's own JVM. */
  batch: [
    ...driver,
    ...submitted,
    ...['TMPDIR', 'PYSPARK_PYTHON', 'PYSPARK_GATEWAY_PORT', 'PYSPARK_GATEWAY_SECRET'],
    ...['MASTER', 'SPARK_BEELINE_OPTS'],
  ],
};

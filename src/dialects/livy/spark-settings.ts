import type { Backend } from '../../kernel/backend/backend.js';
import { checkedValue, isBlocked } from './conf-rules.js';
import { LocalPaths, rejected } from './local-paths.js';
import type { SparkRequest } from './requests.dto.js';

export { rejected } from './local-paths.js';

/** The `options` of a Spark backend, with the driver's defaults for those that the operator did not set. */
export interface SparkOptions {
  /** Spark's master: `local[*]`, `spark://…`, `yarn`, `k8s://…`. */
  readonly master: string;
  /** Properties for every session. A session's own properties override them. */
  readonly conf: ReadonlyMap<string, string>;
  /** Properties that no session may set. A `*` at the end of a name matches every ending. */
  readonly blockedConf: readonly string[];
  /** Folders of the local files that sessions may use. */
  readonly localDirs: readonly string[];
  /** Most rows of a SQL answer, for sessions that do not set it. */
  readonly sqlRows: number;
  /** The largest value that a session may set. */
  readonly maxSqlRows: number;
}

export function optionsOf({ options }: Pick<Backend, 'options'>): SparkOptions {
  const { master, conf, blocked_conf, local_dirs, sql_rows, max_sql_rows } = options;
  const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  const properties = typeof conf === 'object' && conf !== null ? Object.entries(conf) : [];
  return {
    master: typeof master === 'string' ? master : 'local[*]',
    conf: new Map(properties.map(([key, value]) => [key, String(value)])),
    blockedConf: texts(blocked_conf),
    localDirs: texts(local_dirs),
    sqlRows: Number(sql_rows),
    maxSqlRows: Number(max_sql_rows),
  };
}

/** Properties and files of a session, in the form of the job's params. */
export interface SparkSettings {
  readonly name: string;
  readonly conf: Readonly<Record<string, string>>;
  readonly jars: readonly string[];
  readonly py_files: readonly string[];
  readonly files: readonly string[];
  readonly archives: readonly string[];
  /** Real paths of the local files. The driver checks that each one still resolves to itself. */
  readonly resolved: readonly string[];
}

/** The property with which Livy's clients set the most rows of a SQL answer. */
const sqlRowsKey = 'livy.rsc.sql.num-rows';

/** The Spark properties that each field of a request sets. */
const propertiesByField = {
  driverMemory: ['spark.driver.memory'],
  executorMemory: ['spark.executor.memory'],
  driverCores: ['spark.driver.cores'],
  executorCores: ['spark.executor.cores'],
  numExecutors: ['spark.executor.instances'],
  queue: ['spark.yarn.queue'],
  name: ['spark.app.name'],
  jars: ['spark.jars', 'spark.yarn.dist.jars'],
  pyFiles: ['spark.submit.pyFiles', 'spark.yarn.dist.pyFiles'],
  files: ['spark.files', 'spark.yarn.dist.files'],
  archives: ['spark.archives', 'spark.yarn.dist.archives'],
  proxyUser: [],
  kind: [],
  ttl: [],
  idleTimeout: [],
  heartbeatTimeoutInSecond: [],
} as const satisfies Record<string, readonly string[]>;

type RequestField = keyof typeof propertiesByField;
type RequestFields = SparkRequest & { readonly [F in RequestField]?: unknown };

/** Merges a request into the operator's options. Throws Livy's error for a forbidden property or path. */
export function sparkSettings(
  request: SparkRequest,
  backend: Pick<Backend, 'options'>,
  name: string,
): SparkSettings {
  const options = optionsOf(backend);
  const own = propertiesOf(request);
  refuseBlocked(request, own, options.blockedConf);
  const local = new LocalPaths(options.localDirs);
  const conf = new Map(options.conf);
  for (const [key, value] of own) conf.set(key, checkedValue(key, value, local));
  for (const [key, value] of fieldProperties(request)) conf.set(key, value);
  conf.set('spark.master', options.master);
  const appName = request.name ?? conf.get('spark.app.name') ?? name;
  conf.set('spark.app.name', appName);
  // The lists in `conf` need no check: the session's lists are checked above, and the operator may name any file.
  const list = (field: readonly string[] | null | undefined, ...keys: readonly string[]): string[] => {
    // Split items at commas, as Spark does, so that none hides behind another.
    const checked = split((field ?? []).join(',')).map((path) => local.allowed(path));
    const inConf = keys.flatMap((key) => split(conf.get(key) ?? ''));
    for (const key of keys) conf.delete(key);
    return [...checked, ...inConf];
  };
  return {
    name: appName,
    jars: list(request.jars, 'spark.jars'),
    py_files: list(request.pyFiles, 'spark.submit.pyFiles'),
    files: list(request.files, 'spark.files'),
    archives: list(request.archives, 'spark.archives', 'spark.yarn.dist.archives'),
    conf: Object.fromEntries(conf),
    resolved: local.resolved,
  };
}

/** Returns the file of a batch in the form that Spark reads, with its real path if it is on this machine. */
export function allowedFile(file: string, backend: Pick<Backend, 'options'>) {
  const local = new LocalPaths(optionsOf(backend).localDirs);
  return { file: local.allowed(file), resolved: local.resolved };
}

/**
 * Returns the most rows of a SQL answer in this session. Throws if the request has no number from 1 to the operator's
 * maximum.
 */
export function sqlRowsOf(request: SparkRequest, backend: Pick<Backend, 'options'>): number {
  const { sqlRows, maxSqlRows } = optionsOf(backend);
  const value = propertiesOf(request).get(sqlRowsKey);
  if (value === undefined) return Math.min(sqlRows, maxSqlRows);
  const rows = /^\d{1,15}$/.test(value.trim()) ? Number(value) : 0;
  if (rows >= 1 && rows <= maxSqlRows) return rows;
  throw rejected(
    `requirement failed: ${sqlRowsKey} must be a whole number from 1 to ${maxSqlRows}, not ${value}. The operator sets the maximum with the backend's option max_sql_rows.`,
  );
}

const split = (list: string): string[] =>
  list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

const propertiesOf = ({ conf }: SparkRequest): Map<string, string> =>
  new Map(Object.entries(conf ?? {}).flatMap(([key, value]) => (value == null ? [] : [[key, value]])));

/** Throws if a property is blocked, or a field by its own name or by a property that it sets. */
function refuseBlocked(
  request: RequestFields,
  own: ReadonlyMap<string, string>,
  blocked: readonly string[],
): void {
  const keys = [...own.keys()].filter((key) => isBlocked(key, blocked));
  const fields = Object.entries(propertiesByField).filter(
    ([field, properties]) =>
      isSet(request[field as RequestField]) && [field, ...properties].some((key) => isBlocked(key, blocked)),
  );
  const all = [...keys, ...fields.map(([field]) => field)];
  if (all.length > 0) throw rejected(`Blacklisted configuration values in session config: ${all.join(', ')}`);
}

/** Returns whether a field is set. Clients send zero and empty lists for fields that they do not use. */
const isSet = (value: unknown): boolean =>
  value != null && value !== 0 && value !== '' && !(Array.isArray(value) && value.length === 0);

/** Returns the properties of the fields that set exactly one each. */
function fieldProperties(request: SparkRequest): [string, string][] {
  const { driverMemory, executorMemory, driverCores, executorCores, numExecutors, queue } = request;
  const fields = { driverMemory, executorMemory, driverCores, executorCores, numExecutors, queue };
  return Object.entries(fields).flatMap(([field, value]) =>
    isSet(value) ? [[propertiesByField[field as keyof typeof fields][0], String(value)]] : [],
  );
}

import type { Backend } from '../../kernel/backend/backend.js';
import { checkedValue, isBlocked } from './conf-rules.js';
import { LocalPaths, rejected } from './local-paths.js';
import type { SparkRequest } from './requests.dto.js';

export { rejected } from './local-paths.js';

/** What the `options` of a Spark backend say. The driver's own values stand where the operator set none. */
export interface SparkOptions {
  /** Where Spark runs: `local[*]`, `spark://…`, `yarn`, `k8s://…`. */
  readonly master: string;
  /** Properties for every session; a session's own win. */
  readonly conf: ReadonlyMap<string, string>;
  /** Properties that no session may set; `*` at the end stands for all that begin so. */
  readonly blockedConf: readonly string[];
  /** Folders below which local files may be named. */
  readonly localDirs: readonly string[];
  /** Rows of a SQL answer: what a session gets that asks for nothing, and the most it may ask for. */
  readonly sqlRows: number;
  readonly maxSqlRows: number;
}

export function optionsOf({ options }: Pick<Backend, 'options'>): SparkOptions {
  const { master, conf, blocked_conf, local_dirs, sql_rows, max_sql_rows } = options;
  const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  const asked = typeof conf === 'object' && conf !== null ? Object.entries(conf) : [];
  return {
    master: typeof master === 'string' ? master : 'local[*]',
    conf: new Map(asked.map(([key, value]) => [key, String(value)])),
    blockedConf: texts(blocked_conf),
    localDirs: texts(local_dirs),
    sqlRows: Number(sql_rows),
    maxSqlRows: Number(max_sql_rows),
  };
}

/** What the driver is told: properties, and the files that come with them. */
export interface SparkSettings {
  readonly name: string;
  readonly conf: Readonly<Record<string, string>>;
  readonly jars: readonly string[];
  readonly py_files: readonly string[];
  readonly files: readonly string[];
  readonly archives: readonly string[];
  /** Local files among them, by their real paths: the driver looks whether they still are. */
  readonly resolved: readonly string[];
}

/** How many rows a SQL answer has at most, as Livy's clients set it for a session. */
const sqlRowsKey = 'livy.rsc.sql.num-rows';

/** Each field of a request, with the properties it stands for. */
const standsFor = {
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

type Asked = SparkRequest & { readonly [field in keyof typeof standsFor]?: unknown };

/** Puts a request on top of the operator's options. Throws what Livy answers to a forbidden property or path. */
export function sparkSettings(
  asked: SparkRequest,
  backend: Pick<Backend, 'options'>,
  name: string,
): SparkSettings {
  const options = optionsOf(backend);
  const own = propertiesOf(asked);
  refuseBlocked(asked, own, options.blockedConf);
  const local = new LocalPaths(options.localDirs);
  const conf = new Map(options.conf);
  for (const [key, value] of own) conf.set(key, checkedValue(key, value, local));
  for (const [key, value] of named(asked)) conf.set(key, value);
  conf.set('spark.master', options.master);
  const appName = asked.name ?? conf.get('spark.app.name') ?? name;
  conf.set('spark.app.name', appName);
  // The driver merges the lists. A session's own properties were checked; an operator may name any file.
  const list = (given: readonly string[] | null | undefined, ...keys: readonly string[]): string[] => {
    // Spark splits what it is given at commas, so an item may hide others behind one.
    const fields = split((given ?? []).join(',')).map((path) => local.allowed(path));
    const inConf = keys.flatMap((key) => split(conf.get(key) ?? ''));
    for (const key of keys) conf.delete(key);
    return [...fields, ...inConf];
  };
  return {
    name: appName,
    jars: list(asked.jars, 'spark.jars'),
    py_files: list(asked.pyFiles, 'spark.submit.pyFiles'),
    files: list(asked.files, 'spark.files'),
    archives: list(asked.archives, 'spark.archives', 'spark.yarn.dist.archives'),
    conf: Object.fromEntries(conf),
    resolved: local.resolved,
  };
}

/** The file of a batch, as Spark is given it, with its real path if it is on this machine. */
export function allowedFile(file: string, backend: Pick<Backend, 'options'>) {
  const local = new LocalPaths(optionsOf(backend).localDirs);
  return { file: local.allowed(file), resolved: local.resolved };
}

/** How many rows a SQL answer may have in this session. Throws for what is no such number, or more than the operator allows. */
export function sqlRowsOf(asked: SparkRequest, backend: Pick<Backend, 'options'>): number {
  const { sqlRows, maxSqlRows } = optionsOf(backend);
  const said = propertiesOf(asked).get(sqlRowsKey);
  if (said === undefined) return Math.min(sqlRows, maxSqlRows);
  const rows = /^\d{1,15}$/.test(said.trim()) ? Number(said) : 0;
  if (rows >= 1 && rows <= maxSqlRows) return rows;
  throw rejected(
    `requirement failed: ${sqlRowsKey} must be a whole number from 1 to ${maxSqlRows}, not ${said}. The operator sets the most with the backend's option max_sql_rows.`,
  );
}

const split = (list: string): string[] =>
  list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

const propertiesOf = ({ conf }: SparkRequest): Map<string, string> =>
  new Map(Object.entries(conf ?? {}).flatMap(([key, value]) => (value == null ? [] : [[key, value]])));

/** A field is refused like the property it stands for; a field that stands for none can be blocked by its own name. */
function refuseBlocked(asked: Asked, own: ReadonlyMap<string, string>, blocked: readonly string[]): void {
  const keys = [...own.keys()].filter((key) => isBlocked(key, blocked));
  const fields = Object.entries(standsFor).filter(
    ([field, stands]) =>
      isGiven(asked[field as keyof typeof standsFor]) &&
      [field, ...stands].some((key) => isBlocked(key, blocked)),
  );
  const all = [...keys, ...fields.map(([field]) => field)];
  if (all.length > 0) throw rejected(`Blacklisted configuration values in session config: ${all.join(', ')}`);
}

/** Clients send zero and empty lists for what they do not ask for. */
const isGiven = (value: unknown): boolean =>
  value != null && value !== 0 && value !== '' && !(Array.isArray(value) && value.length === 0);

/** The fields that stand for one property each, which has their value. */
function named(asked: SparkRequest): [string, string][] {
  const { driverMemory, executorMemory, driverCores, executorCores, numExecutors, queue } = asked;
  const fields = { driverMemory, executorMemory, driverCores, executorCores, numExecutors, queue };
  return Object.entries(fields).flatMap(([field, value]) =>
    isGiven(value) ? [[standsFor[field as keyof typeof fields][0], String(value)]] : [],
  );
}

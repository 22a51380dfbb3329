import { BadRequestException } from '@nestjs/common';
import { resolve } from 'node:path';
import type { Backend } from '../../kernel/backend/backend.js';
import type { SparkRequest } from './requests.dto.js';

/** What the operator says about a Spark backend in its `options`. */
export interface SparkOptions {
  /** Where Spark runs: `local[*]`, `spark://…`, `yarn`, `k8s://…`. */
  readonly master: string;
  /** Properties for every session; a session's own win. */
  readonly conf: Readonly<Record<string, string>>;
  /** Properties that no session may set. */
  readonly blockedConf: readonly string[];
  /** Folders below which local files may be named. */
  readonly localDirs: readonly string[];
}

export function optionsOf({ options }: Pick<Backend, 'options'>): SparkOptions {
  const { master, conf, blocked_conf, local_dirs } = options;
  const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  const asked = typeof conf === 'object' && conf !== null ? Object.entries(conf) : [];
  return {
    master: typeof master === 'string' ? master : 'local[*]',
    conf: Object.fromEntries(asked.map(([key, value]) => [key, String(value)])),
    blockedConf: [...alwaysBlocked, ...texts(blocked_conf)],
    localDirs: texts(local_dirs),
  };
}

/** They would take the driver out of our hands (dialect, `conf`). */
const alwaysBlocked = ['spark.submit.deployMode', 'spark.submit.proxyUser.allowCustomClasspathInClusterMode'];

export const rejected = (reason: string): BadRequestException =>
  new BadRequestException(`Rejected, Reason: ${reason}`);

/** What the driver is told: properties, and the files that come with them. */
export interface SparkSettings {
  readonly name: string;
  readonly conf: Readonly<Record<string, string>>;
  readonly jars: readonly string[];
  readonly py_files: readonly string[];
  readonly files: readonly string[];
  readonly archives: readonly string[];
}

/** Puts a request on top of the operator's options. Throws what Livy answers to a forbidden property or path. */
export function sparkSettings(
  asked: SparkRequest,
  backend: Pick<Backend, 'options'>,
  name: string,
): SparkSettings {
  const options = optionsOf(backend);
  const own = Object.fromEntries(
    Object.entries(asked.conf ?? {}).flatMap(([k, v]) => (v == null ? [] : [[k, v]])),
  );
  const blocked = Object.keys(own).filter((key) => options.blockedConf.includes(key));
  if (blocked.length > 0)
    throw rejected(`Blacklisted configuration values in session config: ${blocked.join(', ')}`);
  const conf: Record<string, string> = { ...options.conf, ...own, ...named(asked) };
  conf['spark.master'] = options.master;
  conf['spark.app.name'] = asked.name ?? conf['spark.app.name'] ?? name;
  const paths = (given: string[] | null | undefined, key: string): string[] => {
    // Spark splits what it is given at commas, so an item may hide others behind one.
    const split = (list: string | undefined) => (list?.split(',') ?? []).filter((path) => path !== '');
    const asked = [...(given ?? []), own[key]].flatMap(split);
    // What the operator configures may lie anywhere.
    const configured = own[key] === undefined ? split(options.conf[key]) : [];
    delete conf[key];
    return [...asked.map((path) => allowedPath(path.trim(), options.localDirs)), ...configured];
  };
  const jars = paths(asked.jars, 'spark.jars');
  const py_files = paths(asked.pyFiles, 'spark.submit.pyFiles');
  const files = paths(asked.files, 'spark.files');
  const archives = [...paths(asked.archives, 'spark.archives'), ...paths(null, 'spark.yarn.dist.archives')];
  return { name: conf['spark.app.name'], conf, jars, py_files, files, archives };
}

/** The fields that stand for properties. */
function named(asked: SparkRequest): Record<string, string> {
  const fields = {
    'spark.driver.memory': asked.driverMemory,
    'spark.executor.memory': asked.executorMemory,
    'spark.driver.cores': asked.driverCores,
    'spark.executor.cores': asked.executorCores,
    'spark.executor.instances': asked.numExecutors,
    'spark.yarn.queue': asked.queue,
  };
  const said = Object.entries(fields).filter(([, value]) => value != null && value !== 0);
  return Object.fromEntries(said.map(([key, value]) => [key, String(value)]));
}

/** A local file may lie in the operator's folders only: else anyone could read what the service can. */
export function allowedPath(path: string, localDirs: readonly string[]): string {
  const [, scheme, rest = path] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/.exec(path) ?? [];
  const isLocal = scheme === undefined || ['file', 'local'].includes(scheme.toLowerCase());
  if (!isLocal) return path;
  const named = rest.replace(/^\/\/[^/]*/, '');
  if (!named.startsWith('/'))
    throw rejected(
      `requirement failed: Path '${path}' must be absolute, or have a scheme such as hdfs: or s3a:.`,
    );
  const file = resolve(named);
  if (localDirs.some((dir) => file === resolve(dir) || file.startsWith(`${resolve(dir)}/`)))
    return scheme?.toLowerCase() === 'local' ? path : file;
  throw rejected(`requirement failed: Local path ${path} cannot be added to user sessions.`);
}

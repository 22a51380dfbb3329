import { rejected, type LocalPaths } from './local-paths.js';

/** Properties that would take the Spark driver out of the service's control (dialect, `conf`). */
const alwaysBlocked = ['spark.submit.deployMode', 'spark.submit.proxyUser.allowCustomClasspathInClusterMode'];

/** Returns whether the operator forbids this property. A `*` at the end of a name matches every ending. */
export function isBlocked(key: string, blocked: readonly string[]): boolean {
  const name = key.trim();
  return [...alwaysBlocked, ...blocked].some((each) =>
    each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each,
  );
}

/** Returns whether the value is a list of paths, separated by colons, for a JVM or for the system's linker. */
const isClassPath = (key: string): boolean => /\.(extra|defaultExtra)(ClassPath|LibraryPath)$/i.test(key);

const isJavaOptions = (key: string): boolean => /\.(extra|default)JavaOptions$/i.test(key);

/** Properties whose values are always paths or URIs, or lists of them. */
const paths = [
  /^spark\.(jars|files|archives|submit\.pyFiles|repl\.local\.jars|jars\.ivy(Settings)?)$/,
  /^spark\.yarn\.(jars?|archive|keytab|stagingDir|dist\..+)$/,
  /^spark\.(kerberos\.keytab|metrics\.conf|scheduler\.allocation\.file|sql\.hive\.metastore\.jars\.path)$/,
  /^spark\.(sql\.warehouse\.dir|eventLog\.dir|checkpoint\.dir|driver\.log\.(dfs|local)Dir)$/,
  /^spark\.kubernetes\..*(file|path)$/i,
  /^spark\..*\.(keyStore|trustStore|discoveryScript)$/i,
] as const;

/**
 * Properties that name no file of this machine: paths in containers or of web pages, or values that the driver sets.
 */
const notLocal = [
  /^spark\.kubernetes\..*\.mount\.(path|subPath)$/,
  /^spark\.ui\.(proxyBase|proxyRedirectUri)$/,
  /^spark\.(local\.dir|repl\.class\.outputDir)$/,
] as const;

const matchesAny = (patterns: readonly RegExp[], text: string): boolean =>
  patterns.some((pattern) => pattern.test(text));
const looksLocal = (item: string): boolean => /^\s*(\/|(file|local|jar|har):)/i.test(item);

/**
 * Returns the value of a session's property in the form that Spark reads. Checks local paths in every property. Throws
 * Livy's error for a forbidden property or path.
 */
export function checkedValue(name: string, value: string, local: LocalPaths): string {
  const key = name.trim();
  // Properties with other prefixes are not passed to Spark.
  if (!key.startsWith('spark.') || matchesAny(notLocal, key)) return value;
  if (isJavaOptions(key)) return checkedJavaOptions(key, value, local);
  if (isClassPath(key)) return mapItems(value, ':', (item) => local.entry(item));
  const isPath = matchesAny(paths, key);
  return mapItems(value, ',', (item) => (isPath || looksLocal(item) ? local.allowed(item) : item));
}

const mapItems = (value: string, separator: string, change: (item: string) => string): string =>
  value
    .split(separator)
    .map((item) => (item.trim() === '' ? item : change(item)))
    .join(separator);

/** Options that load no code, name no file, and do not set the heap, which `driverMemory` does. */
const harmless = [
  /^-X(ms|mn|ss)\d+[kmgt]?$/i,
  /^-XX:[+-]\w+$/,
  /^-XX:(?!MaxHeapSize|\w*RAM)\w+=[\d.]+[kmgt]?$/i,
  /^-(ea|da|esa|dsa|server|verbose:gc)$/,
  /^--add-(opens|exports|reads|modules)=[\w.,/=-]+$/,
  /^-D[\w.-]+(=[^"'\\]*)?$/,
] as const;
/** Properties that make the JVM or its loggers load the file or class that they name. */
const loading =
  /^-D(java\.(library\.path|class\.path|system\.class\.loader|security\.)|jdk\.|sun\.boot\.|log4j|logback|java\.util\.logging)/i;
/** Matches a URI of another machine: one with any scheme except those of local files. */
const remote = /^(?!file:|local:|jar:|har:)[a-z][a-z0-9+.-]*:\/\/[^/]/i;

function checkedJavaOptions(key: string, value: string, local: LocalPaths): string {
  for (const option of value.split(/[\s\u0000-\u001f]+/).filter((each) => each !== '')) {
    if (!matchesAny(harmless, option) || loading.test(option))
      throw rejected(
        `requirement failed: ${key} must not hold ${option}, which may load code, use files of the service's machine or change the heap. Allowed are -Dname=value, --add-opens=…, -Xss4m, -XX:+Name, -XX:Name=number. Only the operator can set other options, in the backend's conf.`,
      );
    // Spark reads its properties from the JVM too, so a blocked property or a path could be set this way.
    if (option.startsWith('-Dspark.'))
      throw rejected(
        `requirement failed: ${key} must not hold ${option}: set ${option.slice(2).split('=')[0]} in conf.`,
      );
    const setting = option.slice(option.indexOf('=') + 1);
    if (option.startsWith('-D') && !remote.test(setting))
      for (const item of setting.split(/[,:;]/)) if (item.startsWith('/')) local.entry(item);
  }
  return value;
}

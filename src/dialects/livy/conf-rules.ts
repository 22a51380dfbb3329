import { rejected, type LocalPaths } from './local-paths.js';

/** They would take the driver out of the service's hands (dialect, `conf`). */
const alwaysBlocked = ['spark.submit.deployMode', 'spark.submit.proxyUser.allowCustomClasspathInClusterMode'];

/** Whether the operator keeps this property to himself. `*` at the end of a name stands for all that begin so. */
export function isBlocked(key: string, blocked: readonly string[]): boolean {
  const name = key.trim();
  return [...alwaysBlocked, ...blocked].some((each) =>
    each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each,
  );
}

/** Paths, divided by colons, that a JVM or the system's linker reads. */
const isClassPath = (key: string): boolean => /\.(extra|defaultExtra)(ClassPath|LibraryPath)$/i.test(key);

const isJavaOptions = (key: string): boolean => /\.(extra|default)JavaOptions$/i.test(key);

/** Properties whose values are paths or URIs, or lists of them, whatever they look like. */
const paths = [
  /^spark\.(jars|files|archives|submit\.pyFiles|repl\.local\.jars|jars\.ivy(Settings)?)$/,
  /^spark\.yarn\.(jars?|archive|keytab|stagingDir|dist\..+)$/,
  /^spark\.(kerberos\.keytab|metrics\.conf|scheduler\.allocation\.file|sql\.hive\.metastore\.jars\.path)$/,
  /^spark\.(sql\.warehouse\.dir|eventLog\.dir|checkpoint\.dir|driver\.log\.(dfs|local)Dir)$/,
  /^spark\.kubernetes\..*(file|path)$/i,
  /^spark\..*\.(keyStore|trustStore|discoveryScript)$/i,
] as const;

/** They name nothing on this machine: paths in containers and of web pages. Or the driver sets them itself. */
const notHere = [
  /^spark\.kubernetes\..*\.mount\.(path|subPath)$/,
  /^spark\.ui\.(proxyBase|proxyRedirectUri)$/,
  /^spark\.(local\.dir|repl\.class\.outputDir)$/,
] as const;

const is = (kinds: readonly RegExp[], key: string): boolean => kinds.some((kind) => kind.test(key));
const looksLocal = (item: string): boolean => /^\s*(\/|(file|local|jar|har):)/i.test(item);

/**
 * Returns the value of a session's property as Spark gets it. The rule for files holds for local paths in any property.
 * Throws what Livy answers to a forbidden property or path.
 */
export function checkedValue(name: string, value: string, local: LocalPaths): string {
  const key = name.trim();
  // Others are not handed to Spark.
  if (!key.startsWith('spark.') || is(notHere, key)) return value;
  if (isJavaOptions(key)) return checkedJavaOptions(key, value, local);
  if (isClassPath(key)) return changeItems(value, ':', (item) => local.entry(item));
  const isNamed = is(paths, key);
  return changeItems(value, ',', (item) => (isNamed || looksLocal(item) ? local.allowed(item) : item));
}

const changeItems = (value: string, divider: string, change: (item: string) => string): string =>
  value
    .split(divider)
    .map((item) => (item.trim() === '' ? item : change(item)))
    .join(divider);

/** Options that load no code, name no file, and leave the heap to `driverMemory`. */
const harmless = [
  /^-X(ms|mn|ss)\d+[kmgt]?$/i,
  /^-XX:[+-]\w+$/,
  /^-XX:(?!MaxHeapSize|\w*RAM)\w+=[\d.]+[kmgt]?$/i,
  /^-(ea|da|esa|dsa|server|verbose:gc)$/,
  /^--add-(opens|exports|reads|modules)=[\w.,/=-]+$/,
  /^-D[\w.-]+(=[^"'\\]*)?$/,
] as const;
/** Properties by which the JVM or its loggers load what they name. */
const loading =
  /^-D(java\.(library\.path|class\.path|system\.class\.loader|security\.)|jdk\.|sun\.boot\.|log4j|logback|java\.util\.logging)/i;
/** Of another scheme than these a value names a file of another machine. */
const remote = /^(?!file:|local:|jar:|har:)[a-z][a-z0-9+.-]*:\/\/[^/]/i;

function checkedJavaOptions(key: string, value: string, local: LocalPaths): string {
  for (const option of value.split(/[\s\u0000-\u001f]+/).filter((each) => each !== '')) {
    if (!is(harmless, option) || loading.test(option))
      throw rejected(
        `requirement failed: ${key} must not hold ${option}, which may load code, use files of the service's machine or change the heap. Possible are -Dname=value, --add-opens=…, -Xss4m, -XX:+Name, -XX:Name=number; others are for the operator to set in the backend's conf.`,
      );
    // Spark reads properties of the JVM as its own, so one that is blocked or holds a path would come in here.
    if (option.startsWith('-Dspark.'))
      throw rejected(
        `requirement failed: ${key} must not hold ${option}: set ${option.slice(2).split('=')[0]} in conf.`,
      );
    const set = option.slice(option.indexOf('=') + 1);
    if (option.startsWith('-D') && !remote.test(set))
      for (const item of set.split(/[,:;]/)) if (item.startsWith('/')) local.entry(item);
  }
  return value;
}

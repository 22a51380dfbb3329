import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Libraries of Debian's R and of R itself. workers/sparkdriver/sparkr.py searches the same places. */
const systemLibraries = ['/usr/local/lib/R/site-library', '/usr/lib/R/site-library', '/usr/lib/R/library'];

const noR =
  "R is not installed: install Debian's r-base-core, or another R 4 whose program R is on the path of the service.";
const noSparkR =
  'R sessions need SparkR, which Spark from PyPI does not include. It was not found in $SPARK_HOME/R/lib or in a ' +
  'library of R (R_LIBS, R_LIBS_USER): install it, or let the backend run R without Spark with its option plain_r.';

/**
 * Returns why sessions cannot run R on this machine and what to install, or null if they can. `python` is the program
 * that runs Spark's drivers. With `plain`, R without SparkR is enough. Nothing is cached, so a new installation counts
 * at once.
 */
export function rMissing(
  environment: Environment,
  python: string | undefined,
  plain: boolean,
  system: readonly string[] = systemLibraries,
): string | null {
  if (!paths(environment['PATH']).some((folder) => isProgram(join(folder, 'R')))) return noR;
  const places = [...libraries(environment, python), ...system];
  return plain || places.some(hasSparkR) ? null : noSparkR;
}

function* libraries(environment: Environment, python: string | undefined): Iterable<string> {
  for (const home of sparkHomes(environment, python)) yield join(home, 'R', 'lib');
  const home = environment['HOME'] ?? '';
  for (const name of ['R_LIBS', 'R_LIBS_USER', 'R_LIBS_SITE'])
    for (const folder of paths(environment[name]?.replace(/(^|:)~(?=\/)/g, `$1${home}`))) yield folder;
  // R's default for R_LIBS_USER: ~/R/x86_64-pc-linux-gnu-library/4.2
  for (const platform of namesIn(join(home, 'R')).filter((name) => name.endsWith('-library')))
    for (const version of namesIn(join(home, 'R', platform))) yield join(home, 'R', platform, version);
}

/** Finds Spark as pyspark does: SPARK_HOME, or else the package of that Python. */
function sparkHomes(environment: Environment, python: string | undefined): string[] {
  const home = environment['SPARK_HOME'];
  if (home !== undefined && home !== '') return [home];
  if (python === undefined) return [];
  const lib = join(dirname(dirname(python)), 'lib');
  const versions = namesIn(lib).filter((name) => name.startsWith('python3'));
  return versions.map((version) => join(lib, version, 'site-packages', 'pyspark'));
}

const paths = (list: string | undefined): string[] => (list ?? '').split(delimiter).filter(isAbsolute);

const hasSparkR = (library: string): boolean => isFile(join(library, 'SparkR', 'DESCRIPTION'));

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}

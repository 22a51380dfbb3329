import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Why R sessions cannot be had here, in one sentence; null where SPARK_HOME has SparkR and PATH has R. */
export function rMissing(env: NodeJS.ProcessEnv): string | null {
  const home = env['SPARK_HOME'];
  if (home === undefined || !existsSync(join(home, 'R', 'lib', 'SparkR')))
    return 'R sessions need SparkR, which SPARK_HOME does not have here: set SPARK_HOME to a Spark with R/lib/SparkR.';
  if (!(env['PATH'] ?? '').split(delimiter).some((folder) => isProgram(join(folder, 'Rscript'))))
    return 'R sessions need R, which is not installed here.';
  return null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

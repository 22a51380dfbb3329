import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';

/** Mistakes in the configuration. Each line names the key and says what would be valid. */
export class ConfigError extends Error {
  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'ConfigError';
  }
}

/** Returns `path` if it is set, else ./stint.yaml, else the shipped example; null if neither of the two exists. */
export function findFile(path: string | undefined, home: string): string | null {
  if (path !== undefined && path !== '') {
    const file = isAbsolute(path) ? path : resolve(path);
    if (!existsSync(file)) throw new ConfigError([`STINT_CONFIG names ${file}, which does not exist.`]);
    return file;
  }
  return [resolve('stint.yaml'), join(home, 'stint.example.yaml')].find((file) => existsSync(file)) ?? null;
}

export function readYaml(file: string): Record<string, unknown> {
  const text = readText(file);
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new ConfigError([
      `${file} is no valid YAML: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content))
    throw new ConfigError([`${file} must be a list of keys and values.`]);
  return content as Record<string, unknown>;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
    throw new ConfigError([
      `The configuration file ${file} ${why}; STINT_CONFIG names another one. See stint.example.yaml for its format.`,
    ]);
  }
}

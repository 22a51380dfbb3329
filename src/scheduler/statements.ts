/** Builds SQL statements that every database understands. Values are passed as `?`. */

export const quoted = (columns: readonly string[]): string => columns.map((c) => `"${c}"`).join(', ');

export const insertInto = (table: string, columns: readonly string[]): string =>
  `INSERT INTO ${table} (${quoted(columns)}) VALUES (${columns.map(() => '?').join(', ')})`;

export const updateById = (table: string, columns: readonly string[], key: string): string =>
  `UPDATE ${table} SET ${columns.map((c) => `"${c}" = ?`).join(', ')} WHERE "${key}" = ?`;

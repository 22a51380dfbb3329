import { LongText, pieceSize, type Text } from '../../scheduler/long-text.js';
import type { TextsReads, TextsTx } from '../../scheduler/texts.ports.js';
import { insertInto, type Sql } from './sql.js';

/** Which text of a job it is. */
export type TextKind = 'params' | 'result';

/** The most pieces in a text. The `place` of a text's first piece is the text's id times this. */
const maxPieces = 65_536;

const insertPart = insertInto('long_text_parts', ['place', 'body']);

/** `onWrite` receives the number of bytes written or freed. */
export const textsStore = (sql: Sql, onWrite: (bytes: number) => void): TextsTx => ({
  begin: () => sql.insert(insertInto('long_texts', ['bytes']), [0]),
  async append(text, from, pieces) {
    for (const [i, piece] of pieces.entries()) await sql.run(insertPart, text * maxPieces + from + i, piece);
    onWrite(pieces.length * pieceSize);
  },
  async removeSome(text, limit) {
    const removed = await sql.change(
      `DELETE FROM long_text_parts WHERE place IN
         (SELECT place FROM long_text_parts WHERE place >= ? AND place < ? LIMIT ?)`,
      ...[text * maxPieces, (text + 1) * maxPieces, limit],
    );
    onWrite(removed * pieceSize);
    if (removed === limit) return true;
    await sql.run('DELETE FROM long_texts WHERE id = ?', text);
    return false;
  },
});

export const textsReads = (sql: Sql): TextsReads => ({
  async unownedTexts() {
    const rows = await sql.all<{ id: number }>(
      `SELECT id FROM long_texts t WHERE NOT CASE kind
         WHEN 'params' THEN EXISTS (SELECT 1 FROM job_params p WHERE p.seq = t.seq)
         WHEN 'result' THEN EXISTS (SELECT 1 FROM job_results r WHERE r.seq = t.seq)
         ELSE FALSE END`,
    );
    return rows.map(({ id }) => Number(id));
  },
  storedText: (text, bytes) => storedText(sql, text, bytes),
});

/** Returns the text with the id `text`, whose pieces are read on demand. */
export function storedText(sql: Sql, text: number, bytes: number): LongText {
  const source = {
    bytes,
    async *read(from: number, to: number) {
      for (let i = Math.floor(from / pieceSize); i * pieceSize < to; i += 1) {
        const row = await sql.one<{ body: unknown }>(
          'SELECT body FROM long_text_parts WHERE place = ?',
          text * maxPieces + i,
        );
        if (row === null) throw new Error(`Piece ${i} of text ${text} is missing.`);
        const first = i * pieceSize;
        yield (row.body as Buffer).subarray(Math.max(0, from - first), to - first);
      }
    },
  };
  return new LongText(source, text);
}

/** Returns the part of a text that is stored in its owner's row. */
export const headOf = (text: Text): string => (typeof text === 'string' ? text : text.head);

/** Makes the job with the number `seq` the owner of `text`. Its previous text of that kind loses its owner. */
export async function setOwner(sql: Sql, text: Text, kind: TextKind, seq: number): Promise<void> {
  await sql.run('UPDATE long_texts SET seq = NULL, kind = NULL WHERE seq = ? AND kind = ?', seq, kind);
  if (typeof text === 'string') return;
  if (text.stored === null) throw new Error('A long text must be stored before its owner.');
  const bytes = text.bytes - Buffer.byteLength(text.head);
  await sql.run(
    'UPDATE long_texts SET seq = ?, kind = ?, bytes = ? WHERE id = ?',
    ...[seq, kind, bytes, text.stored],
  );
}

/** Returns the text whose beginning is `body`, with the pieces of its rest if it has any. */
export async function textOfRow(sql: Sql, body: string, kind: TextKind, seq: number): Promise<Text> {
  const long = await sql.one<{ id: number; bytes: number }>(
    'SELECT id, bytes FROM long_texts WHERE seq = ? AND kind = ?',
    ...[seq, kind],
  );
  return long === null ? body : storedText(sql, Number(long.id), Number(long.bytes)).withHead(body);
}

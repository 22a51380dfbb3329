import { describe, expect, it } from '@jest/globals';
import type { DataSet } from '../storage/ports.js';
import { readColumns, writeColumns } from '../wire/columns.js';
import { csvLine, csvReader } from './csv.js';
import { NexosisError, noData } from '../wire/errors.js';
import { jsonReader } from './json-rows.js';
import type { RowReader } from './rows.js';
import { planUpload, rowMaker } from './upload.js';

async function all(reader: RowReader): Promise<(string | null)[][]> {
  const rows = [];
  for await (const batch of reader.batches()) rows.push(...batch);
  return rows;
}
const csv = (text: string) => csvReader(Buffer.from(text));
const json = (value: unknown) =>
  jsonReader(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (!(error instanceof NexosisError)) throw new Error(`Not refused: ${String(error)}`);
  return Object.values(error.details).flat().map(String).join(' ');
}

describe('CSV', () => {
  it('may have a byte order mark, quotes, either line end and short rows', async () => {
    const reader = await csv('\uFEFFname,"a ""b""",c\r\n"x, y",1,2\n"two\nlines",3\n\n');
    expect(reader.names).toEqual(['name', 'a "b"', 'c']);
    expect(await all(reader)).toEqual([
      ['x, y', '1', '2'],
      ['two\nlines', '3', ''],
    ]);
    expect(await all(reader)).toHaveLength(2);
  });

  it.each([
    ['5.1,3.5,setosa\n4.9,3.0,setosa', ['column1', 'column2', 'column3']],
    ['2017-01-01,5\n2017-01-02,6', ['column1', 'column2']],
    ['day,sales\n2017-01-01,5', ['day', 'sales']],
    ['name,2016\nx,5', ['name', '2016']],
    ['a,b\nc,d', ['a', 'b']],
    ['1,,2\n3,4,5', ['column1', 'column2', 'column3']],
    ['a,,c\n1,2,3', ['a', 'column2', 'c']],
  ])('%j has the columns %j', async (text, names) => {
    const reader = await csv(text);
    // A year above a number, beside a name above a text, cannot be distinguished from data.
    expect(reader.names).toEqual(text.startsWith('name,2016') ? ['column1', 'column2'] : names);
  });

  it.each([
    ['a,b\n1,2,3', 'Row 2 of the CSV has 3 values, but there are 2 columns.'],
    ['a,A\n1,2', 'names the column A twice'],
    ['a,b\n"1,2', 'cannot be read'],
  ])('%j is refused: %s', async (text, words) => {
    expect(await refusal(csv(text).then(all))).toContain(words);
  });

  it('that is not UTF-8 is refused', async () => {
    expect(await refusal(csvReader(Buffer.from([0x61, 0xff, 0xfe])))).toContain('UTF-8');
  });

  it('reads the same values that were written', async () => {
    const values = ['a "quoted", one', 'two\nlines', '', 'plain'];
    const reader = await csv(csvLine(['p', 'q', 'r', 's']) + csvLine(values));
    expect(await all(reader)).toEqual([values]);
  });
});

describe('a large CSV', () => {
  it('lets other work run while it is read', async () => {
    let [turns, reads] = [0, true];
    const turn = () => {
      turns += 1;
      if (reads) setImmediate(turn);
    };
    setImmediate(turn);
    const reader = await csv(`a\n${'1\n'.repeat(150_000)}`);
    let rows = 0;
    for await (const batch of reader.batches()) rows += batch.length;
    reads = false;
    expect(rows).toBe(150_000);
    expect(turns).toBeGreaterThanOrEqual(4);
  });
});

describe('JSON', () => {
  it('may have members in any case and values of all kinds, and keeps the digits of numbers', async () => {
    const reader = await json(
      '{"Data":[{"a":1.50,"b":true},{"A":null,"c":"x"},{"b":12345678901234567890}],"columns":{"a":{"role":"key"}},"MissingValues":["N/A"]}',
    );
    expect(reader.names).toEqual(['a', 'b', 'c']);
    expect(await all(reader)).toEqual([
      ['1.5', 'true', null],
      ['', null, 'x'],
      [null, '12345678901234567890', null],
    ]);
    expect([reader.columns, reader.missingValues]).toEqual([{ a: { role: 'key' } }, ['N/A']]);
  });

  it('has lone surrogates replaced', async () => {
    const reader = await json(String.raw`{"data":[{"a":"x\ud800"},{"a":"\ud83d\ude00"}]}`);
    expect(await all(reader)).toEqual([['x\ufffd'], ['\u{1f600}']]);
  });

  it.each([
    ['{"data":[{"a":1},', 'not valid JSON: the text ends where a value should be at line 1, column 18.'],
    ['{"data":[\n{"a":NaN}]}', 'not valid JSON: NaN is no value in JSON at line 2, column 6.'],
    ['{bad', 'not valid JSON: expected a member name in double quotes at line 1, column 2.'],
    ['\uFEFF{"data" 1}', 'not valid JSON: expected ":" after a member name at line 1, column 9.'],
    ['{"data":[]} x', 'not valid JSON: nothing may follow the JSON value, but something does'],
    ['nothing', 'not valid JSON: expected a value at line 1, column 1.'],
    ['[{"a":1}]', 'must be an object with data or columns, not a list.'],
    ['"text"', 'must be an object with data or columns, not a text.'],
    [' 5', 'must be an object with data or columns, not a number.'],
    ['{"data":[1]}', 'Row 1 must be an object of columns, not a number.'],
    ['{"data":[{"a":{"b":1}}]}', 'the value of a must be'],
    ['{"data":"foo"}', 'data must be a list of rows, not a text.'],
    ['{"data":{}}', 'data must be a list of rows, not an object.'],
    ['{"columns":true}', 'columns must be an object of column names, not true.'],
    ['{"columns":[{"a":1}]}', 'columns must be an object of column names, not a list.'],
    ['{"missingValues":12345678901234567890}', 'missingValues must be a list of texts, not a number.'],
  ])('%s is refused: %s', async (text, words) => {
    expect(await refusal(json(text).then(all))).toContain(words);
  });

  it.each([
    ['bad]}', 'not valid JSON: something cannot be read after row 300000 of data.'],
    ['{"a":1}', 'not valid JSON: it ends too early, after row 300001 of data.'],
  ])('of megabytes with the flaw %s is refused with the number of the row before', async (end, words) => {
    expect(await refusal(json(`{"data":[${'{"a":1},'.repeat(300_000)}${end}`))).toContain(words);
  });

  it('may have members that are null, empty or unknown', async () => {
    const reader = await json('{"Data":null,"columns":[],"missingValues":"","dta":[{"data":1}],"x":{"y":2}}');
    expect([reader.names, reader.columns, reader.missingValues]).toEqual([[], {}, undefined]);
    expect(reader.ignored).toEqual(['dta', 'x']);
    const many = JSON.stringify(
      Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${'m'.repeat(99)}${i}`, 0])),
    );
    const { ignored } = await jsonReader(Buffer.from(many));
    expect(noData('x', ['data'], ignored).message.length).toBeLessThan(1000);
  });
});

describe('inference on upload', () => {
  const plan = async (text: string, columns: unknown = {}, before: DataSet | null = null) =>
    planUpload(before, { reader: await csv(text), declared: readColumns(columns), missingValues: undefined });
  const inferred = async (text: string, columns: unknown = {}) =>
    writeColumns((await plan(text, columns)).columns);
  const rolesOf = async (text: string, columns: unknown = {}) =>
    Object.fromEntries(Object.entries(await inferred(text, columns)).map(([name, { role }]) => [name, role]));

  it('infers types from the values that are not empty', async () => {
    const text =
      'n,bits,flag,kind,prose,none\n1.5,0,yes,a,"it was a dark and stormy night",\n,1,off,b,"the rain fell in torrents, mostly",\nNaN,1,TRUE,a,"except at occasional intervals when it was",\n';
    const mode = { imputation: 'mode', aggregation: 'mode' };
    expect(await inferred(text)).toEqual({
      n: { dataType: 'numericMeasure', role: 'feature', imputation: 'mean', aggregation: 'mean' },
      bits: { dataType: 'numericMeasure', role: 'feature', ...mode },
      flag: { dataType: 'logical', role: 'feature', ...mode },
      kind: { dataType: 'string', role: 'feature', ...mode },
      prose: { dataType: 'text', role: 'feature' },
      none: { dataType: 'string', role: 'feature', ...mode },
    });
  });

  it('makes the only date column without repetitions the timestamp, and the only other column the target', async () => {
    expect(await rolesOf('day,sales\n1-1-2017,5\n1-2-2017,6')).toEqual({ day: 'timestamp', sales: 'target' });
    expect(await rolesOf('day,a,b\n1-1-2017,5,1\n1-2-2017,6,2')).toEqual({
      day: 'timestamp',
      a: 'feature',
      b: 'feature',
    });
    expect(await rolesOf('day,sales\n1-1-2017,5\n1-1-2017,6')).toEqual({ day: 'feature', sales: 'feature' });
    expect(await rolesOf('a,b,c\n1-1-2017,1-1-2018,3\n1-2-2017,1-2-2018,4')).toMatchObject({
      a: 'feature',
      b: 'feature',
    });
  });

  it('lets declared metadata override inferred metadata, member by member', async () => {
    const columns = { SALES: { dataType: 1, imputation: '', Role: 'Feature' }, id: { role: 'key' } };
    expect(await inferred('id,day,sales\nx,1-1-2017,5\ny,1-2-2017,6', columns)).toEqual({
      id: { dataType: 'string', role: 'key', imputation: 'mode', aggregation: 'mode' },
      // The key identifies the rows, so no timestamp is inferred.
      day: { dataType: 'date', role: 'feature' },
      sales: { dataType: 'numeric', role: 'feature', imputation: 'zeroes', aggregation: 'sum' },
    });
  });

  it.each([
    [{ a: { role: 'target' }, b: { role: 'target' } }, 'Only one column can have the role target'],
    [{ a: { role: 'timestamp', dataType: 'numeric' } }, 'must be date and not numeric'],
    [{ a: { dataType: 'float' } }, "The value 'float' is not valid for dataType of a"],
    [{ a: 5 }, 'a must be an object'],
  ])('%j is refused: %s', async (columns, words) => {
    expect(
      await refusal(plan('a,b\n1,2', columns).catch((error: unknown) => Promise.reject(error))),
    ).toContain(words);
  });

  it('identifies rows by key, else by time, else not at all', async () => {
    const row = async (text: string, columns: unknown = {}) => {
      const planned = await plan(text, columns);
      return rowMaker(planned.columns)(text.split('\n')[1]?.split(',') ?? []);
    };
    const at = Date.UTC(2017, 0, 2);
    expect(await row('day,v\n1-2-2017,5')).toMatchObject({ at, key: '2017-01-02T00:00:00.0000000Z' });
    expect(
      await row('id,day\nx,1-2-2017', { id: { role: 'key' }, day: { role: 'timestamp' } }),
    ).toMatchObject({ at, key: 'x' });
    expect(await row('a,b\nx,y')).toMatchObject({ at: 0, key: null });
    const unreadable = await row('day,v\nsoon,5', { day: { role: 'timestamp' } });
    expect(unreadable).toMatchObject({ at: 8.64e15, key: 'soon' });
  });
});

describe('a wide upload', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);
  const wide = (count: number, value = '2017-01-01') =>
    json({ data: [Object.fromEntries(names(count).map((name) => [name, value]))] });
  const planned = async (reader: Promise<RowReader>, columns: unknown = {}) =>
    planUpload(null, { reader: await reader, declared: readColumns(columns), missingValues: undefined });
  const csvOf = (count: number) => csv(`${names(count).join(',')}\n${'1,'.repeat(count - 1)}1\n`);

  it('may have 16,384 columns, and not one more', async () => {
    for (const make of [wide, csvOf]) {
      expect((await planned(make(16_384))).columns).toHaveLength(16_384);
      expect(await refusal(planned(make(16_385)))).toBe(
        'There are 16385 columns or more, and a data set has at most 16384: send several narrower ones.',
      );
    }
  });

  it('may not exceed that with the columns of its set or with declared ones', async () => {
    const declared = Object.fromEntries(names(16_384).map((name) => [name, {}]));
    expect(await refusal(planned(json({ data: [{ more: 1 }] }), declared))).toContain('at most 16384');
    expect(() => readColumns({ ...declared, more: {} })).toThrow(NexosisError);
  });

  it('with nearly only empty cells is refused before they are created', async () => {
    const sparse = (rows: number) => ({ data: [...names(rows)].map((name) => ({ [name]: 1 })) });
    expect((await planned(json(sparse(1000)))).rows).toBe(1000);
    expect(await refusal(planned(json(sparse(3000))))).toMatch(
      /^3000 rows of 3000 columns are 9000000 cells, /,
    );
    const short = `${names(10_000).join(',')}\n${'1\n'.repeat(1000)}`;
    expect(await refusal(csv(short).then(all))).toContain(' rows of 10000 columns are ');
  });

  it('that gives one role to all columns is refused with the names of some of them', async () => {
    const roles = Object.fromEntries(names(10_000).map((name) => [name, { role: 'target' }]));
    const words = await refusal(planned(wide(1), roles));
    expect(words).toContain('c18, c19 and 9980 more have it.');
    expect(words.length).toBeLessThan(10_000);
  });
});

import { describe, expect, it } from '@jest/globals';
import { asWritten, predictRows } from './predict-rows.js';

describe('rows to predict', () => {
  it('are read as uploads read them, and as they are written; what is said last counts', async () => {
    const body = '\uFEFF{"data":[1],"x":{"data":[2]},"Data":[{"a":7.10,"b":1e22,"c":"7.10"}]}';
    expect(await predictRows(Buffer.from(body))).toEqual([
      [{ a: 7.1, b: 1e22, c: '7.10' }],
      [{ a: '7.10', b: '1e22', c: '7.10' }],
    ]);
  });

  it('are answered as they were written, but for the target', () => {
    const [read, written] = [
      { a: '7.1', Y: '1' },
      { a: '7.10', Y: '1.0' },
    ];
    expect(asWritten({ a: '7.1', Y: '1', 'y:1': '0.5' }, read, written, 'y')).toEqual({
      ...{ a: '7.10', Y: '1', 'y:1': '0.5' },
    });
  });
});

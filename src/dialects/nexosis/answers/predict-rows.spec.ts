import { describe, expect, it } from '@jest/globals';
import { withSentValues, predictRows } from './predict-rows.js';

describe('rows to predict', () => {
  it('are read as uploads read them and as they are spelled; the last member called data counts', async () => {
    const body = '\uFEFF{"data":[1],"x":{"data":[2]},"Data":[{"a":7.10,"b":1e22,"c":"7.10"}]}';
    expect(await predictRows(Buffer.from(body))).toEqual([
      [{ a: 7.1, b: 1e22, c: '7.10' }],
      [{ a: '7.10', b: '1e22', c: '7.10' }],
    ]);
  });

  it('come back as they were spelled, apart from the target', () => {
    const [read, sent] = [
      { a: '7.1', Y: '1' },
      { a: '7.10', Y: '1.0' },
    ];
    expect(withSentValues({ a: '7.1', Y: '1', 'y:1': '0.5' }, read, sent, 'y')).toEqual({
      ...{ a: '7.10', Y: '1', 'y:1': '0.5' },
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { readScript } from './script.js';

describe('the script of a played job', () => {
  it('sets the duration, the outcome and the result', () => {
    const read = readScript('{"duration": 1.5, "outcome": "failed", "result": {"n": 42}}');
    expect(read).toMatchObject({ script: { duration: 1500, outcome: 'failed' } });
    expect(JSON.parse(read.result)).toEqual({ n: 42 });
  });

  it('completes at once with a null result if it is empty', () => {
    expect(readScript('{}')).toEqual({ script: { duration: 0, outcome: 'completed' }, result: 'null' });
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[1]'],
    ['a negative duration', '{"duration": -1}'],
    ['a duration that is no number', '{"duration": "5"}'],
    ['a duration beyond all counting', '{"duration": 1e306}'],
    ['another outcome', '{"outcome": "lost"}'],
  ])('is refused with %s', (_, params) => {
    expect(() => readScript(params)).toThrow(expect.objectContaining({ code: 'script_invalid' }));
  });
});

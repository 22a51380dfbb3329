import { describe, expect, it } from '@jest/globals';
import { alice, givenService } from '../../test/support/scheduler.js';
import { givenDetails } from '../../test/support/store.js';

describe('a private result', () => {
  it('goes to one of two who ask at once', async () => {
    const { submit, jobs } = await givenService();
    const details = givenDetails({ private: true });
    const { id } = await submit({ params: '{"result": 7}', details });
    const answers = await Promise.all([jobs.result(alice, id), jobs.result(alice, id)]);
    expect(answers).toEqual(['7', null]);
  });
});

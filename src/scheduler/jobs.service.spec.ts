import { describe, expect, it } from '@jest/globals';
import { alice, givenService, onRunner } from '../../test/support/scheduler.js';
import { givenDetails } from '../../test/support/store.js';

describe('a submit whose commit succeeded but seemed to fail', () => {
  it('gets the first job when it is repeated', async () => {
    const { jobs, store } = await givenService();
    const request = { program: 'scripted', backend: 'b1', session: undefined, maxExecutionTime: undefined };
    const submit = () =>
      jobs.submit(alice, { ...request, params: '{}', details: givenDetails() }, { key: 'k', hash: null });
    const write = store.write.bind(store);
    store.write = async (work) => {
      store.write = write;
      await write(work);
      throw new Error('the disk did not answer');
    };
    await expect(submit()).rejects.toThrow('the disk did not answer');
    const { id } = await submit();
    expect(await store.read.jobs({ limit: 10, offset: 0 })).toMatchObject({ total: 1, items: [{ id }] });
  });
});

describe('a result', () => {
  it("of a failed job is its program's traceback, of a failed scripted job null", async () => {
    const { submit, jobs, runners } = await givenService({ backend: { driver: 'aer' } });
    const { id } = await submit(onRunner);
    const traceback = 'Traceback (most recent call last): …';
    await runners.answer(id, { type: 'failed', reason: 'it broke', reasonCode: null, traceback });
    expect(await jobs.result(alice, id)).toBe(traceback);
    const scripted = await givenService();
    const params = '{"outcome": "failed", "result": 7}';
    expect(await scripted.jobs.result(alice, (await scripted.submit({ params })).id)).toBeNull();
  });
});

describe('a private result', () => {
  it('is returned to only one of two simultaneous requests', async () => {
    const { submit, jobs } = await givenService();
    const details = givenDetails({ private: true });
    const { id } = await submit({ params: '{"result": 7}', details });
    const answers = await Promise.all([jobs.result(alice, id), jobs.result(alice, id)]);
    expect(answers).toEqual(['7', null]);
  });
});

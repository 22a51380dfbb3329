import { describe, expect, it } from '@jest/globals';
import { intervals } from '../storage/ports.js';
import { NexosisError } from './errors.js';
import { Fields, readGuid } from './fields.js';

const detailsOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof NexosisError) return error.details;
  }
  return null;
};

describe('parameters', () => {
  it('are read in any case, and the body overrides the query', () => {
    const fields = new Fields({ targetcolumn: 'query', eventName: 'only here' }, { TargetColumn: 'body' });
    expect([fields.text('targetColumn'), fields.text('EVENTNAME')]).toEqual(['body', 'only here']);
  });

  it('count as absent if they are null or empty', () => {
    const fields = new Fields({ a: '', b: null, c: [] }, { a: null });
    expect(['a', 'b', 'c', 'd'].map((name) => fields.has(name))).toEqual([false, false, false, false]);
  });

  it('have the last value of a repeated scalar, and all values of a repeated list', () => {
    const fields = new Fields({ page: ['0', '2'], cascade: ['a,b', 'c'], include: 'x, y' });
    expect(fields.paging()).toEqual({ page: 2, size: 50 });
    expect([fields.list('cascade'), fields.list('include')]).toEqual([
      ['a', 'b', 'c'],
      ['x', 'y'],
    ]);
  });

  it('name a choice in any case or by its number', () => {
    const choice = (value: unknown) => new Fields({ i: value }).choice('i', intervals, intervals);
    expect([choice('Day'), choice(1), choice('4'), choice('')]).toEqual(['day', 'day', 'year', undefined]);
    expect(detailsOf(() => choice('seconds'))).toEqual({
      i: ["The value 'seconds' is not valid for i: it must be one of hour, day, week, month, year."],
    });
  });

  it('limit pages to 1000 items', () => {
    expect(new Fields({ pageSize: '5000' }).paging()).toEqual({ page: 0, size: 1000 });
    expect(Object.keys(detailsOf(() => new Fields({ page: -1, pageSize: 0 }).paging()) ?? {})).toEqual([
      'page',
      'pageSize',
    ]);
    expect(detailsOf(() => new Fields({ page: 'x' }).paging())).toHaveProperty('page');
  });

  it('include the whole day if a range ends with a date without a time', () => {
    const fields = new Fields({ a: '2017-01-01', b: '2017-01-01T00:00:00' });
    expect([fields.until('a'), fields.until('b')]).toEqual([Date.UTC(2017, 0, 2) - 1, Date.UTC(2017, 0, 1)]);
  });

  it('are flags as booleans or as texts', () => {
    const fields = new Fields({ a: 'True', b: 'false', c: true, d: 'maybe' });
    expect([fields.flag('a'), fields.flag('b'), fields.flag('c'), fields.flag('e')]).toEqual([
      true,
      false,
      true,
      undefined,
    ]);
    expect(detailsOf(() => fields.flag('d'))).toHaveProperty('d');
  });
});

describe('an id', () => {
  it('is a GUID in any case', () => {
    const id = '01a1fd94-8058-7e0c-b9e7-e91491f7a9fe';
    expect(readGuid('id', id.toUpperCase())).toBe(id);
    expect(detailsOf(() => readGuid('modelId', 'id'))).toEqual({
      modelId: ["The value 'id' is not valid for Guid."],
    });
  });
});

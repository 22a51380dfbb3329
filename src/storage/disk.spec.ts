import { describe, expect, it } from '@jest/globals';
import { givenDatabase, givenFolder } from '../../test/support/store.js';
import { diskFailure } from '../scheduler/disk.ports.js';
import { DataDisk, minFreeBytes } from './disk.js';

/** Returns a `statfs` that reports this many free bytes and files. */
const statfsWith =
  (free: number, ffree = 1000, files = 2000) =>
  () =>
    Promise.resolve({ bavail: free / 4096, bsize: 4096, files, ffree });
const store = { diskFailure: null, probe: () => Promise.resolve() };
const troubleWith = (...space: Parameters<typeof statfsWith>) =>
  new DataDisk('/x', store, statfsWith(...space)).trouble();

describe('the disk of the data folder', () => {
  it('is in trouble below 32 MB free, but not at exactly 32 MB', async () => {
    expect(await troubleWith(minFreeBytes)).toBeNull();
    expect(await troubleWith(minFreeBytes - 4096)).toBe(
      'The disk of the data folder has 31 MB left; the service needs 32 MB.',
    );
    expect(await troubleWith(0)).toMatch(/has 0 MB left/);
  });

  it('is in trouble without room for another file, if the file system limits files', async () => {
    expect(await troubleWith(1e12, 0)).toMatch(/no room for another file/);
    expect(await troubleWith(1e12, 1)).toBeNull();
    expect(await troubleWith(1e12, 0, 0)).toBeNull();
  });

  it('reads the real file system by default', async () => {
    expect(await new DataDisk(await givenFolder(), store).trouble()).toBeNull();
  });
});

/** SQLite's error when a quota is full although the disk is not. */
const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });

describe('a write that failed because of the disk', () => {
  it('is remembered until a write succeeds, which each check tries', async () => {
    const { store: sqlite } = await givenDatabase();
    await sqlite.write((tx) => tx.facts.set('bootstrap_token', 'known'));
    const disk = new DataDisk('/', sqlite, statfsWith(1e12));
    await expect(sqlite.write(() => Promise.reject(full))).rejects.toBe(full);
    expect(sqlite.diskFailure).toBe('database or disk is full');
    expect(await disk.trouble()).toBeNull();
    expect(sqlite.diskFailure).toBeNull();
    expect(await sqlite.write((tx) => tx.facts.get('bootstrap_token'))).toBe('known');
  });

  it('is the reported reason while the next write fails, too', async () => {
    const failing = { diskFailure: full.message, probe: () => Promise.reject(full) };
    expect(await new DataDisk('/', failing, statfsWith(1e12)).trouble()).toBe(
      'The database could not be written: database or disk is full.',
    );
  });

  it.each([
    ['SQLITE_FULL', true],
    ['SQLITE_IOERR_WRITE', true],
    ['SQLITE_READONLY_DBMOVED', true],
    ['ENOSPC', true],
    ['EDQUOT', true],
    ['ENOENT', false],
    ['SQLITE_CONSTRAINT', false],
    [undefined, false],
  ])('is distinguished from others: %s', (code, expected) => {
    expect(diskFailure({ code }) !== null).toBe(expected);
    expect(diskFailure({ code: 'x', driverError: { code } }) !== null).toBe(expected);
  });
});

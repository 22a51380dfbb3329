import { describe, expect, it } from '@jest/globals';
import { isPrivate } from './callbacks.js';

describe('isPrivate', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    'fe80::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    'nonsense',
  ])('is true for %s', (address) => expect(isPrivate(address)).toBe(true));
  it.each(['8.8.8.8', '2606:4700:4700::1111', '::ffff:8.8.8.8'])('is false for %s', (address) =>
    expect(isPrivate(address)).toBe(false),
  );
});

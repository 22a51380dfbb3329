import { describe, expect, it } from '@jest/globals';
import { cannotListen } from './listening.js';

const keys = { host: 'livy.host', port: 'livy.port' };
const told = (error: unknown) => cannotListen(error, { host: 'h.example', port: 80, keys });

describe('what keeps from listening', () => {
  it.each([
    ['EADDRINUSE', 'listen', /^Another program listens on port 80 of h\.example\. .* livy\.port\.$/],
    ['EACCES', 'listen', /^This user may not listen on port 80\. .* livy\.port\.$/],
    ['EADDRNOTAVAIL', 'listen', /^h\.example is no address of this computer\. .* livy\.host: 127\.0\.0\.1,/],
    ['ENOTFOUND', 'getaddrinfo', /^h\.example is no address of this computer\./],
    ['EAI_AGAIN', 'getaddrinfo', /^h\.example is no address of this computer\./],
  ])('is told with the setting and what would be right: %s', (code, syscall, words) => {
    expect(told(Object.assign(new Error(code), { code, syscall }))).toMatchObject({
      message: expect.stringMatching(words),
    });
  });

  it('stays as it is where it is something else', () => {
    const error = Object.assign(new Error('too many files'), { code: 'EMFILE', syscall: 'listen' });
    expect(told(error)).toBe(error);
  });
});

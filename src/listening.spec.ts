import { describe, expect, it } from '@jest/globals';
import { cannotListen } from './listening.js';

const keys = { host: 'livy.host', port: 'livy.port' };
const explained = (error: unknown) => cannotListen(error, { host: 'h.example', port: 80, keys });

describe('an error on listening', () => {
  it.each([
    ['EADDRINUSE', 'listen', /^Another program listens on port 80 of h\.example\. .* livy\.port\.$/],
    ['EACCES', 'listen', /^This user may not listen on port 80\. .* livy\.port\.$/],
    ['EADDRNOTAVAIL', 'listen', /^h\.example is no address of this computer\. .* livy\.host: 127\.0\.0\.1,/],
    ['ENOTFOUND', 'getaddrinfo', /^h\.example is no address of this computer\./],
    ['EAI_AGAIN', 'getaddrinfo', /^h\.example is no address of this computer\./],
  ])('is explained with the setting and a valid value: %s', (code, syscall, words) => {
    expect(explained(Object.assign(new Error(code), { code, syscall }))).toMatchObject({
      message: expect.stringMatching(words),
    });
  });

  it('is unchanged if it has another cause', () => {
    const error = Object.assign(new Error('too many files'), { code: 'EMFILE', syscall: 'listen' });
    expect(explained(error)).toBe(error);
  });
});

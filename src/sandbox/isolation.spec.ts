import { describe, expect, it } from '@jest/globals';
import type { Finding } from './host.js';
import { defaultIsolation, judgeIsolation } from './isolation.js';
import type { SandboxHost } from './sandbox.js';

const host: SandboxHost = {
  bwrap: '/usr/bin/bwrap',
  system: ['/usr'],
  links: [],
  etc: [],
  accounts: '/d/sandbox',
};
const there: Finding = { available: true, host, version: '0.8.0' };
const missing: Finding = {
  available: false,
  missing: 'bubblewrap is not installed',
  remedy: 'apt install bubblewrap',
};

describe('isolation', () => {
  it('is required by default as soon as the service listens beyond loopback', () => {
    expect([defaultIsolation(true), defaultIsolation(false)]).toEqual(['available', 'required']);
  });

  it.each(['required', 'available'] as const)('%s: uses a sandbox where there can be one', (isolation) => {
    expect(judgeIsolation(isolation, there)).toEqual({
      run: 'sandboxed',
      line: 'What users send runs in sandboxes (bubblewrap 0.8.0).',
    });
  });

  it('required: refuses user code without a sandbox, and names what is missing and what installs it', () => {
    const { run, line } = judgeIsolation('required', missing);
    expect(run).toBe('refused');
    expect(line).toContain('bubblewrap is not installed');
    expect(line).toContain('apt install bubblewrap');
  });

  it('available: runs user code without a sandbox, and says so', () => {
    const { run, line } = judgeIsolation('available', missing);
    expect(run).toBe('unprotected');
    expect(line).toMatch(/^No sandbox: bubblewrap is not installed\./);
  });

  it.each([there, missing])('off: uses no sandbox, and says so each time', (finding) => {
    const { run, line } = judgeIsolation('off', finding);
    expect(run).toBe('unprotected');
    expect(line).toMatch(/^isolation: off\./);
  });
});

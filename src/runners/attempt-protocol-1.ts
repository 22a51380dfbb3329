import type { ToRunner } from './attempt-protocol.js';
import { printMessage } from './attempt-protocol.js';
import { lineWith, quoted, type Line } from './long-lines.js';
import { statementParams } from './statement-params.js';

/**
 * Version 1 of the protocol. Third-party workers for Stint 0.2 use it, and so do interpreters that a service of version
 * 0.2 started, because these survive an upgrade. Version 1 had two variants, one for workers and one for the driver
 * process of a session; the token was called `attempt`. This module translates messages between version 1 and the
 * current version. Remove it once upgrades from 0.2 are no longer supported.
 */
export type OldRunner = 'worker' | 'driver';

type Fields = Record<string, unknown>;

/** Returns the kind of the runner if this is the first message of a runner of version 1, else null. */
export function oldRunnerOf({ type, protocol, session }: Fields): OldRunner | null {
  if (type !== 'ready' || protocol !== 1) return null;
  return session === undefined ? 'worker' : 'driver';
}

/** Fields of messages of version 1 that may be many megabytes long. */
export const longFieldsOfOld = ['output'] as const;

/** Translates a message of version 1 into messages of the current version, which are not checked yet. */
export function fromOld({ attempt, ...fields }: Fields, runner: OldRunner): Fields[] {
  const now = attempt === undefined ? fields : { ...fields, token: attempt };
  if (runner === 'worker') {
    if (now['type'] === 'result') return [{ ...now, outcome: 'completed' }];
    if (now['type'] !== 'error') return [now];
    const { kind, ...more } = now;
    // The details of an error do not matter if the job was cancelled.
    if (kind === 'cancelled')
      return [{ type: 'result', job: more['job'], token: more['token'], outcome: kind }];
    return [{ ...more, type: 'result', outcome: 'failed', fault: kind }];
  }
  switch (now['type']) {
    case 'ready': {
      const { protocol, pid = 0, versions = {}, running, ...state } = now;
      const ready = { type: 'ready', protocol, pid, programs: ['statement'], versions };
      const attempts = running == null ? [] : [withToken(running as Fields)];
      return [
        { ...ready, capabilities: ['acknowledge', 'resume', 'suggest'] },
        { type: 'resume', running: attempts, ended: [] },
        { ...state, type: 'interpreter' },
      ];
    }
    case 'result': {
      const { cancelled, output, ...more } = now;
      if (cancelled === true) return [{ ...more, outcome: 'cancelled', result: output }];
      return [{ ...more, outcome: 'completed', result: output ?? 'null' }];
    }
    case 'progress': {
      const { value, ...more } = now;
      return [{ ...more, done: value, total: 1, message: '' }];
    }
    case 'candidates':
      return [{ type: 'suggestions', request: now['request'], words: now['candidates'] }];
    default:
      return [now];
  }
}

const withToken = ({ job, attempt }: Fields): Fields => ({ job, token: attempt });

/** Translates a message to a line of version 1. Returns null if version 1 has no such message. */
export function lineForOld(message: ToRunner, runner: OldRunner): Line | null {
  switch (message.type) {
    case 'shutdown':
      return printMessage(message);
    case 'heartbeat':
      return null;
    case 'suggest':
      return runner === 'driver' ? printMessage({ ...message, type: 'complete' }) : null;
    case 'acknowledge':
    case 'cancel': {
      const { job, token } = message;
      if (message.type === 'cancel') return printMessage({ type: 'cancel', job, attempt: token });
      return runner === 'driver' ? printMessage({ type: 'ack', job, attempt: token }) : null;
    }
    case 'start': {
      const { job, token: attempt, params, program, backend, log_level } = message;
      const of = { type: 'run', job, attempt };
      if (runner === 'driver') {
        const { code, ...about } = statementParams(params);
        if (typeof code === 'string') return printMessage({ ...of, ...about, code });
        return lineWith({ ...of, ...about }, 'code', code.pieces());
      }
      const fields = { ...of, program, backend, log_level };
      if (typeof params === 'string') return printMessage({ ...fields, params });
      return lineWith(fields, 'params', quoted(params));
    }
  }
}

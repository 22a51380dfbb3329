import type { ToRunner } from './attempt-protocol.js';
import { printMessage } from './attempt-protocol.js';
import { lineWith, quoted, type Line } from './long-lines.js';
import { statementParams } from './statement-params.js';

/**
 * Version 1 of the protocol, as spoken by workers that others wrote for Stint 0.2 and by interpreters that the service of 0.2
 * started: these live on through an upgrade. It was two dialects, one for workers and one for drivers of a session; the token
 * was called `attempt`. What such a runner says is turned into messages of today, and what it is told into its own.
 * To be removed with the first version that no longer takes over from 0.2.
 */
export type OldRunner = 'worker' | 'driver';

type Fields = Record<string, unknown>;

/** Who says this, if it is the first message of a runner of version 1; else null. */
export function oldRunnerOf({ type, protocol, session }: Fields): OldRunner | null {
  if (type !== 'ready' || protocol !== 1) return null;
  return session === undefined ? 'worker' : 'driver';
}

/** Fields of its messages that may be many megabytes long. */
export const longFieldsOfOld = ['output'] as const;

/** The messages of today that say what an old one says; they are still to be checked. */
export function fromOld({ attempt, ...fields }: Fields, who: OldRunner): Fields[] {
  const now = attempt === undefined ? fields : { ...fields, token: attempt };
  if (who === 'worker') {
    if (now['type'] === 'result') return [{ ...now, outcome: 'completed' }];
    if (now['type'] !== 'error') return [now];
    const { kind, ...more } = now;
    // Of a cancelled job nobody wants to hear more.
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

/** The line that says to an old runner what a message of today says; null where it knows nothing like it. */
export function lineForOld(message: ToRunner, who: OldRunner): Line | null {
  switch (message.type) {
    case 'shutdown':
      return printMessage(message);
    case 'heartbeat':
      return null;
    case 'suggest':
      return who === 'driver' ? printMessage({ ...message, type: 'complete' }) : null;
    case 'acknowledge':
    case 'cancel': {
      const { job, token } = message;
      if (message.type === 'cancel') return printMessage({ type: 'cancel', job, attempt: token });
      return who === 'driver' ? printMessage({ type: 'ack', job, attempt: token }) : null;
    }
    case 'start': {
      const { job, token: attempt, params, program, backend, log_level } = message;
      const of = { type: 'run', job, attempt };
      if (who === 'driver') {
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

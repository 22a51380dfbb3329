import type { Finding } from './host.js';

/** What an operator wants: no user code without a sandbox, a sandbox where there can be one, or none. */
export type Isolation = 'required' | 'available' | 'off';

/** How processes of a backend are run. */
export type Verdict =
  /** In a sandbox. */
  | { readonly run: 'sandboxed'; readonly line: string }
  /** As the service's own account. */
  | { readonly run: 'unprotected'; readonly line: string }
  /** Not at all: jobs and sessions that would run code of a user are refused with this line. */
  | { readonly run: 'refused'; readonly line: string };

/** Returns what holds where the operator says nothing: strangers may come as soon as the service listens beyond loopback. */
export const defaultIsolation = (isLoopback: boolean): Isolation => (isLoopback ? 'available' : 'required');

/** Decides how processes run. `line` is the one line of the start that says so, a sentence for the operator. */
export function judgeIsolation(isolation: Isolation, finding: Finding): Verdict {
  if (isolation === 'off')
    return {
      run: 'unprotected',
      line: 'isolation: off. What users send runs as the account of the service and can read its data and secrets.',
    };
  if (finding.available)
    return { run: 'sandboxed', line: `What users send runs in sandboxes (bubblewrap ${finding.version}).` };
  const { missing, remedy } = finding;
  if (isolation === 'required')
    return {
      run: 'refused',
      line: `isolation: required, but ${missing}. What users send is refused until this is done: ${remedy}.`,
    };
  return {
    run: 'unprotected',
    line: `No sandbox: ${missing}. What users send runs as the account of the service. To change this: ${remedy}.`,
  };
}

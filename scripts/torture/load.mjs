/** A Bell pair in OpenQASM 3, in the gates of the device. */
const bell = `OPENQASM 3.0; include "stdgates.inc"; bit[2] c; qubit[5] q;
rz(pi/2) q[0]; sx q[0]; rz(pi/2) q[0]; rz(pi/2) q[1]; sx q[1]; rz(pi/2) q[1]; cz q[0], q[1];
rz(pi/2) q[1]; sx q[1]; rz(pi/2) q[1]; c[0] = measure q[0]; c[1] = measure q[1];`;

export const aerJob = {
  program_id: 'sampler',
  backend: 'stint_line_5',
  params: { pubs: [[bell]], version: 2 },
};

export const scriptedJob = (duration, backend = 'scripted') => ({
  program_id: 'scripted',
  backend,
  params: { duration, outcome: 'completed' },
});

/** Calls the API as one user. Returns the body, or null if there was no response. Throws on an error status. */
export function client({ url, token }) {
  return async function call(method, path, body, headers = {}) {
    let answer;
    try {
      answer = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      });
    } catch {
      return null;
    }
    const text = await answer.text().catch(() => null);
    if (text === null) return null;
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 300)}`);
    return text === '' ? {} : JSON.parse(text);
  };
}

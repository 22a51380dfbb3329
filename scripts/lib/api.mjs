import { Failure } from './failure.mjs';

/** Returns functions that call a running Stint below /api/v1 (or another `base`) with one token. */
export function api(url, token, crn, base = '/api/v1') {
  return async function call(method, path, body, { optional = false } = {}) {
    const headers = { authorization: `Bearer ${token}` };
    if (crn) headers['service-crn'] = crn;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(`${url}${base}${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await answer.text();
    if (answer.ok) return text === '' ? null : JSON.parse(text);
    if (optional) return null;
    throw new Failure(`${method} ${path} returned ${answer.status}: ${text.slice(0, 300)}`);
  };
}

/**
 * Environment variables that an unmodified qiskit-ibm-runtime (0.49 or newer) needs to find this server and its user.
 */
export const clientEnvironment = (url, { token, crn }) => ({
  IAM_URL: url,
  QISKIT_IBM_URL: `${url}/experimental/api/v1`,
  QISKIT_IBM_CHANNEL: 'ibm_quantum_platform',
  QISKIT_IBM_TOKEN: token,
  QISKIT_IBM_INSTANCE: crn,
  GLOBAL_SEARCH_URL: `${url}/search`,
  GLOBAL_CATALOG_URL: `${url}/catalog/api/v1`,
});

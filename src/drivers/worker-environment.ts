/**
 * What every child process may be given of the service's own environment: where programs, folders and libraries are, which
 * language and time zone people expect, and how many threads numerical libraries may use.
 */
const everyDriver = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LANGUAGE', 'LC_*', 'TZ', 'TZDIR', 'TMPDIR'],
  ...['LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'DYLD_FALLBACK_LIBRARY_PATH'],
  ...['PYTHONHOME', 'PYTHONPATH', 'PYTHONHASHSEED', 'PYTHONDONTWRITEBYTECODE', 'PYTHONPYCACHEPREFIX'],
  ...['PYTHONUTF8', 'PYTHONIOENCODING', 'PYTHONWARNINGS', 'PYTHONFAULTHANDLER', 'PYTHONMALLOC'],
  ...['OMP_*', 'GOMP_*', 'KMP_*', 'OPENBLAS_*', 'MKL_*', 'BLIS_*', 'NUMEXPR_*', 'NUMBA_*'],
  ...['GOTO_NUM_THREADS', 'VECLIB_MAXIMUM_THREADS', 'RAYON_NUM_THREADS', 'MALLOC_ARENA_MAX'],
  ...['CUDA_VISIBLE_DEVICES', 'CUDA_DEVICE_ORDER', 'NVIDIA_VISIBLE_DEVICES'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
];

/** For drivers whose processes fetch something: the others need no network. */
export const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/** A name that a pattern lets through and that reads like a secret stays here all the same. */
const secret = /TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY/i;

/** `http://user:password@proxy`: whoever runs code in a session would read the password. */
const withCredentials = /\/\/[^/]*@/;

/**
 * The environment of a child process: what the allow-list of all drivers and that of its own (`allowed`) name, and what the
 * operator adds by name in `worker_environment`. Everything else of `env` stays with the service, the admin token above all.
 */
export function workerEnvironment(
  allowed: readonly string[],
  added: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const patterns = [...everyDriver, ...allowed];
  const passes = ([name, value = '']: [string, string | undefined]): boolean =>
    added.includes(name) ||
    (patterns.some((pattern) => matches(name, pattern)) &&
      !secret.test(name) &&
      !(proxies.includes(name) && withCredentials.test(value)));
  const entries = Object.entries(env).filter((entry) => entry[1] !== undefined && passes(entry));
  return Object.fromEntries(entries) as Record<string, string>;
}

const matches = (name: string, pattern: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

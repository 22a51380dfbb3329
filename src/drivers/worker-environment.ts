/**
 * Variables of the service's environment that every child process gets: paths of programs, folders and libraries,
 * language and time zone, and the thread limits of numerical libraries.
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

/** Variables for drivers whose processes download something; other drivers need no network. */
export const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/** Names that look like a secret. They are not passed on, even if a pattern of the allow-list matches. */
const secret = /TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY/i;

/** `http://user:password@proxy`: code in a session could read the password, so such a proxy is not passed on. */
const withCredentials = /\/\/[^/]*@/;

/**
 * Returns the environment of a child process: the variables on the allow-lists of all drivers and of its own driver
 * (`allowed`), and those that the operator adds in `worker_environment`. No other variable of `env` is passed on, above
 * all not the admin token.
 */
export function workerEnvironment(
  allowed: readonly string[],
  additional: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const patterns = [...everyDriver, ...allowed];
  const passes = ([name, value = '']: [string, string | undefined]): boolean =>
    additional.includes(name) ||
    (patterns.some((pattern) => matches(name, pattern)) &&
      !secret.test(name) &&
      !(proxies.includes(name) && withCredentials.test(value)));
  const entries = Object.entries(env).filter((entry) => entry[1] !== undefined && passes(entry));
  return Object.fromEntries(entries) as Record<string, string>;
}

const matches = (name: string, pattern: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

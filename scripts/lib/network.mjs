import { setTimeout as pause } from 'node:timers/promises';

/** Messages of npm and pip that mean a network failure. */
const trouble =
  /ECONNRESET|ETIMEDOUT|ESOCKETTIMEDOUT|EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ERR_SOCKET|network (?:aborted|timeout)|\b50[234] |NewConnectionError|NameResolution|ConnectTimeout|ReadTimeout|Read timed out|IncompleteRead|Connection (?:broken|reset|aborted)|Max retries|Network is unreachable|ProxyError/;

export const isNetworkTrouble = (output) => trouble.test(output);

/** Runs an installation, and retries it once after a network failure, because most of these are short. */
export async function installing(attempt, { tell, wait = 3 } = {}) {
  const first = await attempt();
  if (first.code === 0 || first.signal || !isNetworkTrouble(first.output)) return first;
  tell?.('the network failed; trying again');
  await pause(wait * 1000);
  return attempt();
}

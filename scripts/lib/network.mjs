import { setTimeout as pause } from 'node:timers/promises';

/** What npm and pip print when the network failed and not what they were asked to install. */
const trouble =
  /ECONNRESET|ETIMEDOUT|ESOCKETTIMEDOUT|EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ERR_SOCKET|network (?:aborted|timeout)|\b50[234] |NewConnectionError|NameResolution|ConnectTimeout|ReadTimeout|Read timed out|IncompleteRead|Connection (?:broken|reset|aborted)|Max retries|Network is unreachable|ProxyError/;

export const isNetworkTrouble = (output) => trouble.test(output);

/** Runs an installation, and once more after a moment when the network failed: most failures of a network are short. */
export async function installing(attempt, { tell, wait = 3 } = {}) {
  const first = await attempt();
  if (first.code === 0 || first.signal || !isNetworkTrouble(first.output)) return first;
  tell?.('the network failed; once more');
  await pause(wait * 1000);
  return attempt();
}

/** `npm run simulate`: runs the simulator. It compiles the simulator and the service's sources while loading them. */
import { register } from 'node:module';
import { mutations } from '../test/simulation/mutations.mjs';

const at = process.argv.indexOf('--mutate');
const name = at === -1 ? null : process.argv[at + 1];
const mutation = name === null ? null : mutations[name];
if (mutation === undefined) {
  const known = Object.entries(mutations).map(([key, { what }]) => `  ${key}: ${what}`);
  console.error(`There is no mutation called ${name}. There are:\n${known.join('\n')}`);
  process.exit(2);
}
if (mutation !== null) console.log(`On purpose: ${mutation.what}.`);
register('./typescript-loader.mjs', import.meta.url, { data: { mutation } });
await import('../test/simulation/main.ts');

// Use with `node --import`: lets Node run TypeScript (see typescript-loader.mjs).
import { register } from 'node:module';

register('./typescript-loader.mjs', import.meta.url);

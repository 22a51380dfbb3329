// `node --import` of this file: runs what is written in TypeScript (see typescript-loader.mjs).
import { register } from 'node:module';

register('./typescript-loader.mjs', import.meta.url);

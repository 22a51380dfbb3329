/** Nest 12 is ESM-only, so jest runs in its ESM mode (see the `test` script for the Node flag). */
// An unusual time zone, so that code that reads times without an offset as local fails a test. `npm run check` sets its own.
process.env.TZ ??= 'Pacific/Chatham';

export default {
  testEnvironment: 'node',
  // Keeps the globals of a test file, because they contain the metadata of decorators.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  // A long timeout, so that no test fails on a busy machine. No test measures time.
  testTimeout: 120_000,
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // Unlike Node itself, jest cannot require an ES module on Node 20.
    '^content-disposition$': '<rootDir>/test/support/content-disposition.cjs',
  },
  // A small server and CI have two cores; a third process would only make timings worse.
  maxWorkers: 2,
};

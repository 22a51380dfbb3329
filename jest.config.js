/** Nest 12 is ESM-only, so jest runs in its ESM mode (see the `test` script for the Node flag). */
// A zone that no code of ours expects: times without an offset must be read as UTC. `npm run check` sets its own.
process.env.TZ ??= 'Pacific/Chatham';

export default {
  testEnvironment: 'node',
  // Jest would delete what a test file left on the globals; decorators' metadata lives there.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  // Nothing here measures time: a busy machine must not fail a test.
  testTimeout: 120_000,
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // On Node 20 jest cannot require an ES module, as Node itself can.
    '^content-disposition$': '<rootDir>/test/support/content-disposition.cjs',
  },
  // Two cores is what a small server and CI have; a third process only makes timings worse.
  maxWorkers: 2,
};

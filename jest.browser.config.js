import config from './jest.config.js';

/** The page in a real browser: `npm run test:browser`. Apart, so that `npm test` needs no Chromium. */
export default {
  ...config,
  roots: ['<rootDir>/test/browser'],
  testPathIgnorePatterns: [],
  globalSetup: '<rootDir>/test/browser/global-setup.mjs',
  testTimeout: 60_000,
};

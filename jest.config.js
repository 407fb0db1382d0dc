import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/lib', '<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/browser/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  moduleNameMapper: {
    '^nestjs-redis-session$': '<rootDir>/lib/index.ts',
    '^nestjs-redis-session/(.*)$': '<rootDir>/lib/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  coverageProvider: 'v8',
  collectCoverageFrom: ['lib/**/*.ts'],
  testTimeout: 20_000,
  // Many tests wait for Redis or for a timeout, so that two share a core well.
  maxWorkers: Math.max(2, availableParallelism() - 1),
};

import unit from './jest.config.js';

/**
 * Tests of a real deployment to an emulator. One file after the other, each with an emulator of its own; within a
 * file a test builds on what those before it left.
 */
export default {
  ...unit,
  roots: ['<rootDir>/tests/e2e'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  verbose: true,
};

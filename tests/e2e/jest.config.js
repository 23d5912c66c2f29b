import base from '../../jest.config.js';

/** One file after the other, each with an emulator of its own; within a file every test builds on the ones before. */
export default {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/tests/e2e'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  verbose: true,
  testTimeout: 600_000,
};

import unit from './jest.config.js';

/** Tests that hold the tables against PyIceberg, which `npm test` does not need. */
export default {
  ...unit,
  roots: ['<rootDir>/tests/iceberg'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/tests/iceberg/set-up.ts',
  verbose: true,
};

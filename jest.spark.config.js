import unit from './jest.config.js';

/** The demo's tables, read by Spark: half a gigabyte from PyPI and Maven Central, and Java, which nothing else needs. */
export default {
  ...unit,
  roots: ['<rootDir>/tests/spark'],
  testPathIgnorePatterns: ['/node_modules/'],
  verbose: true,
  // One Spark after the other.
  maxWorkers: 1,
};

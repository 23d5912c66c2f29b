import unit from './jest.config.js';

/** Tests of what `npm run package` makes; they run after it. */
export default {
  ...unit,
  roots: ['<rootDir>/tests/package'],
  testPathIgnorePatterns: ['/node_modules/'],
};

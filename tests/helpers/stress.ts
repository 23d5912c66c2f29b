declare global {
  /** The suite that runs, as jest.config.js names it. */
  var SUITE: string;
}

/** Whether the suite `stress` runs, for what takes long within a test of both. */
export const STRESS = globalThis.SUITE === 'stress';

/** Numbers of cases that a property tries in `npm test`, and in `npm run test:stress`. */
export const casesOf = ({ quick, stress }: { quick: number; stress: number }): number =>
  STRESS ? stress : quick;

/** A test that takes long: `npm run test:stress` runs it, and `npm test` does not. */
export const longTest = (name: string, body: () => Promise<void>): void => {
  if (STRESS) test(name, body);
};

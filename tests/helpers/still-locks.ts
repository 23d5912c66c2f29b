/**
 * From here on no lock gives signs of life, in any test of the file: who holds one for long, as on a machine that stands
 * still, writes it again, and that must not count among the requests that are held to a number.
 */
export const keepLocksStill = (): void => {
  const others = [
    'Date',
    'hrtime',
    'nextTick',
    'performance',
    'queueMicrotask',
    'requestAnimationFrame',
    'cancelAnimationFrame',
    'requestIdleCallback',
    'cancelIdleCallback',
    'setImmediate',
    'clearImmediate',
    'setTimeout',
    'clearTimeout',
  ] as const;
  beforeAll(() => {
    jest.useFakeTimers({ doNotFake: [...others] });
  });
  afterAll(() => {
    jest.useRealTimers();
  });
};

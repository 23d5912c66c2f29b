/**
 * Stops the renewal of locks in all tests of the file. The holder of a lock renews it by the clock; on a slow machine that
 * would add requests, which these tests count.
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

/** A clock that advances only by calls of `sleep`, and the times that were slept. */
export const fakeTime = () => {
  let at = Date.now();
  const slept: number[] = [];
  const sleep = async (ms: number) => {
    slept.push(ms);
    at += ms;
  };
  const pass = (ms: number) => {
    at += ms;
  };
  return { slept, pass, options: { now: () => at, sleep, random: () => 1 } };
};

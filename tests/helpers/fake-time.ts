/** A clock that moves on only while somebody sleeps, and how long they slept. */
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

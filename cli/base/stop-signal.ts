/** npm forwards a SIGINT that the terminal also sent. A second signal within this time is that echo, not the user. */
const ECHO_MS = 1_000;

/**
 * Resolves at the first SIGINT or SIGTERM. After `ECHO_MS` the next one kills, as it does without a listener.
 *
 * @param until aborted when nobody waits any more: signals then kill again, and the promise never resolves
 */
export const stopSignal = (until?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM'] as const;
    let stopping = false;
    const stop = (): void => {
      if (stopping) return;
      stopping = true;
      resolve();
      setTimeout(forget, ECHO_MS).unref();
    };
    const forget = (): void => {
      for (const signal of signals) process.off(signal, stop);
    };
    for (const signal of signals) process.on(signal, stop);
    until?.addEventListener('abort', forget);
  });

import type { Observer } from './events.ts';

export interface CallOptions {
  observe?: Observer | undefined;
  /** Aborting it rejects the call with the signal's reason, as soon as the part that runs has ended. */
  signal?: AbortSignal | undefined;
}

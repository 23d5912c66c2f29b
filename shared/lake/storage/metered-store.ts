import type { ObjectStore, RequestKind } from './object-store.ts';

/** Requests that S3 charges for, and bytes that were transferred. */
export interface Usage {
  requests: Record<RequestKind, number>;
  bytesRead: number;
  bytesWritten: number;
}

/** The same store, which also counts the requests made through the returned object. */
export const metered = (store: ObjectStore): ObjectStore & { readonly usage: Usage } => {
  const usage: Usage = {
    requests: { head: 0, get: 0, put: 0, list: 0, delete: 0 },
    bytesRead: 0,
    bytesWritten: 0,
  };
  const observed = store.observed((kind, bytes) => {
    usage.requests[kind] += 1;
    if (kind === 'get') usage.bytesRead += bytes;
    if (kind === 'put') usage.bytesWritten += bytes;
  });
  return Object.assign(observed, { usage });
};

import type { metered } from '../lake/storage/metered-store.ts';
import type { RequestKind } from '../lake/storage/object-store.ts';
import type { Usage } from '../run/payload.ts';
import type { Config } from './config.ts';

/** How S3 charges a request: as a PUT, as a GET, or not at all. Source: Amazon S3 pricing, "Requests & data retrievals". */
const CHARGED_AS: Readonly<Record<RequestKind, 'write' | 'read' | 'free'>> = {
  put: 'write',
  list: 'write',
  get: 'read',
  head: 'read',
  delete: 'free',
};

/** What an invocation has used by now: its time since `began` (milliseconds, `performance.now`) and its requests. */
export const usageOf = (
  { config, invocation }: { config: Config; invocation?: { initMs?: number } },
  began: number,
  { stores, catalog }: { stores: readonly ReturnType<typeof metered>['usage'][]; catalog: number },
): Usage => {
  const sum = (of: (store: (typeof stores)[number]) => number): number =>
    stores.reduce((total, store) => total + of(store), 0);
  const charged = (as: 'write' | 'read' | 'free'): number =>
    sum(({ requests }) =>
      (Object.keys(requests) as RequestKind[]).reduce(
        (total, kind) => total + (CHARGED_AS[kind] === as ? requests[kind] : 0),
        0,
      ),
    );
  return {
    // Lambda charges each millisecond that has begun.
    duration_ms: Math.ceil(performance.now() - began),
    ...(invocation?.initMs !== undefined && { init_ms: Math.ceil(invocation.initMs) }),
    memory_mb: config.memoryMb,
    ...(config.storageMb !== undefined && { storage_mb: config.storageMb }),
    ...(config.architecture !== undefined && { architecture: config.architecture }),
    requests: charged('write') + charged('read') + charged('free'),
    requests_write: charged('write'),
    requests_read: charged('read'),
    requests_catalog: catalog,
    bytes_read: sum(({ bytesRead }) => bytesRead),
    bytes_written: sum(({ bytesWritten }) => bytesWritten),
  };
};

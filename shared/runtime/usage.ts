import { type Catalog, counted } from '../lake/catalog/catalog.ts';
import type { Lake } from '../lake/paths.ts';
import { metered } from '../lake/storage/metered-store.ts';
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

interface Unmetered {
  lake: Lake;
  config: Config;
  catalog?: Catalog;
  invocation?: { began: number; initMs?: number };
}

interface Metered {
  /** The same zones and the same catalog; all requests through them are counted. */
  lake: Lake;
  catalog?: Catalog;
  /** The invocation's usage so far: time since it began, and the requests counted here. */
  usage(): Usage;
}

/** Starts the meter of an invocation. Its time begins with `invocation`, or now where that is not given. */
export const meter = ({ lake, config, catalog, invocation }: Unmetered): Metered => {
  const began = invocation?.began ?? performance.now();
  const zones = {
    raw: metered(lake.raw),
    silver: metered(lake.silver),
    gold: metered(lake.gold),
    quarantine: metered(lake.quarantine),
  };
  const counting = catalog && counted(catalog);
  return {
    lake: zones,
    ...(counting && { catalog: counting }),
    usage: () => ({
      // Lambda charges each millisecond that has begun.
      duration_ms: Math.ceil(performance.now() - began),
      ...(invocation?.initMs !== undefined && { init_ms: Math.ceil(invocation.initMs) }),
      memory_mb: config.memoryMb,
      ...(config.storageMb !== undefined && { storage_mb: config.storageMb }),
      ...(config.architecture !== undefined && { architecture: config.architecture }),
      ...storageUsage(Object.values(zones).map((zone) => zone.usage)),
      requests_catalog: counting?.requests() ?? 0,
    }),
  };
};

const storageUsage = (stores: readonly ReturnType<typeof metered>['usage'][]) => {
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
    requests: charged('write') + charged('read') + charged('free'),
    requests_write: charged('write'),
    requests_read: charged('read'),
    bytes_read: sum(({ bytesRead }) => bytesRead),
    bytes_written: sum(({ bytesWritten }) => bytesWritten),
  };
};

import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';

export type StoreMethod = Exclude<keyof ObjectStore, 'name' | 'uri' | 'observed'>;

/** One call of a store: its method, the key (the prefix, for `list` and `listVersions`), and whether it named a version. */
export interface StoreCall {
  method: StoreMethod;
  key: string;
  versioned: boolean;
}

/** The positions of the key and of the version among a method's arguments. */
const ARGUMENTS: Readonly<Record<StoreMethod, { key: number; version?: number }>> = {
  head: { key: 0, version: 1 },
  read: { key: 0, version: 1 },
  write: { key: 0 },
  writeIfAbsent: { key: 0 },
  localPath: { key: 0, version: 2 },
  upload: { key: 1 },
  list: { key: 0 },
  listVersions: { key: 0 },
  remove: { key: 0 },
  removeMany: { key: 0 },
  removeVersions: { key: 0 },
};

/** `removeVersions` takes versions, not keys. */
const called = (argument: unknown, versioned: boolean): Pick<StoreCall, 'key' | 'versioned'> =>
  typeof argument === 'object' && argument !== null && 'key' in argument
    ? { key: String(argument.key), versioned: true }
    : { key: String(argument), versioned };

/** The same store, which reports each call to it, and each call to the stores that `observed` returns. */
export const recording = (store: ObjectStore, report: (call: StoreCall) => void): ObjectStore =>
  new Proxy(store, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(value, target, args);
        if (property === 'observed') return recording(result as ObjectStore, report);
        const { key, version } = ARGUMENTS[property as StoreMethod];
        const versioned = version !== undefined && args[version] !== undefined;
        for (const each of [args[key]].flat())
          report({ method: property as StoreMethod, ...called(each, versioned) });
        return result;
      };
    },
  });

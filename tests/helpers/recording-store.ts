import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';

export type StoreMethod = Exclude<keyof ObjectStore, 'name' | 'uri' | 'observed'>;

/** One call of a store: what was asked, of which key (of which prefix, for `list`), and whether of a version. */
export interface StoreCall {
  method: StoreMethod;
  key: string;
  versioned: boolean;
}

/** Which argument of a method is the key, and which the version. */
const ARGUMENTS: Readonly<Record<StoreMethod, { key: number; version?: number }>> = {
  head: { key: 0, version: 1 },
  read: { key: 0, version: 1 },
  write: { key: 0 },
  writeIfAbsent: { key: 0 },
  localPath: { key: 0, version: 2 },
  upload: { key: 1 },
  list: { key: 0 },
  remove: { key: 0 },
  removeMany: { key: 0 },
};

/** The same store, telling of every call that is made through it, and through what `observed` makes of it. */
export const recording = (store: ObjectStore, tell: (call: StoreCall) => void): ObjectStore =>
  new Proxy(store, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(value, target, args);
        if (property === 'observed') return recording(result as ObjectStore, tell);
        const { key, version } = ARGUMENTS[property as StoreMethod];
        const versioned = version !== undefined && args[version] !== undefined;
        for (const each of [args[key]].flat())
          tell({ method: property as StoreMethod, key: String(each), versioned });
        return result;
      };
    },
  });

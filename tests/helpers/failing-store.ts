import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';

/** The change at which a store fails, counted from 1, and how many were made. */
export interface Crash {
  /** 0 for none. */
  at: number;
  changes: number;
  /** Whether the change is made before the store fails. */
  after: boolean;
}

const CHANGES = ['write', 'writeIfAbsent', 'upload', 'remove', 'removeMany', 'removeVersions'];

/** The same store, in which a change fails: before it is made, or after. */
export const failing = (inner: ObjectStore, crash: Crash): ObjectStore =>
  new Proxy(inner, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const method = member as (...args: unknown[]) => unknown;
      if (!CHANGES.some((change) => change === name)) return method.bind(target);
      return async (...args: unknown[]) => {
        crash.changes += 1;
        const crashes = crash.changes === crash.at;
        if (crashes && !crash.after) throw new RangeError('crash');
        const result = await method.apply(target, args);
        if (crashes) throw new RangeError('crash');
        return result;
      };
    },
  });

/** The used fields of a `package-lock.json` (version 3). */
export interface Lock {
  name: string;
  version: string;
  lockfileVersion: number;
  requires: boolean;
  packages: Record<string, LockedPackage>;
}

interface LockedPackage {
  name?: string;
  version: string;
  integrity?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const ENTRY = '@duckdb/node-api';

/**
 * The part of a project's lockfile that DuckDB needs, as a separate lockfile with the project's versions and hashes.
 */
export const duckdbLock = (project: Lock): Lock => {
  const packages: Record<string, LockedPackage> = {};
  const add = (name: string): string => {
    const place = `node_modules/${name}`;
    const locked = project.packages[place];
    if (locked === undefined)
      throw new RangeError(`package-lock.json has no ${name}: run npm install first.`);
    if (packages[place] === undefined) {
      packages[place] = locked;
      for (const needed of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies }))
        add(needed);
    }
    return locked.version;
  };
  const version = add(ENTRY);
  const root = { name: 'duckdb-layer', version: '1.0.0', dependencies: { [ENTRY]: version } };
  const { lockfileVersion, requires } = project;
  return {
    name: root.name,
    version: root.version,
    lockfileVersion,
    requires,
    packages: { '': root, ...packages },
  };
};

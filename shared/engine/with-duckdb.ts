import { mkdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBScalarFunction } from '@duckdb/node-api';
import { asExhausted, type DuckDbLimits } from './exhausted.ts';
import { type Row, toJson } from './values.ts';

export interface DuckDbSettings {
  memoryMb: number;
  threads: number;
  /** Folder for DuckDB's spill files and home; the caller removes it. */
  scratch: string;
  /** A database file. Default: in memory. */
  database?: string;
  /** Whether scans and COPY keep the order of rows, which takes more memory. Default true. */
  ordered?: boolean;
}

/** Values that may be bound to `$1`, `$2`, … */
export type Bindable = string | number | bigint | boolean | null;

export interface Db {
  /** Memory of the function, in MB. DuckDB may use `DUCKDB_SHARE` of it. */
  readonly memoryMb: number;
  /** Runs one or more statements. Only a single statement can have parameters. */
  run(sql: string, params?: readonly Bindable[]): Promise<void>;
  /** All rows as plain objects, for small results. `values.ts` says how types are converted. */
  all<T extends object = Row>(sql: string, params?: readonly Bindable[]): Promise<T[]>;
  /**
   * The only row of a result.
   *
   * @throws RangeError when the result does not have exactly one row
   */
  one<T extends object = Row>(sql: string, params?: readonly Bindable[]): Promise<T>;
  /** Column names and DuckDB types of a result, without running the query. */
  describe(sql: string): Promise<{ name: string; type: string }[]>;
  /** Makes a JavaScript function callable from SQL. */
  register(definition: DuckDBScalarFunction): void;
}

/**
 * DuckDB's share of the function's memory. DuckDB's limit bounds its buffers, not the process: Node, result sets and
 * what DuckDB allocates outside its buffer manager need the rest.
 */
export const DUCKDB_SHARE = 0.55;

/** The share of the free disk that DuckDB may spill to. The files that a query writes need the rest. */
const SPILL_SHARE = 0.8;

/**
 * Partitions that a COPY writes at a time. Beyond this number DuckDB closes files and begins new ones, a hundred times as
 * many if the rows are not sorted. Lambda allows 1,024 open files.
 */
const MAX_OPEN_PARTITIONS = 500;

/**
 * Settings that return freed memory to the system soon. By default DuckDB's allocator keeps hundreds of megabytes beyond
 * the limit, and Lambda would kill the function for it.
 */
const RETURN_MEMORY = {
  allocator_background_threads: 'true',
  allocator_flush_threshold: '16MiB',
  allocator_bulk_deallocation_flush_threshold: '16MiB',
};

/** A DuckDB that is open until it is closed. Where it has one piece of work to do, `withDuckDb` is simpler and safer. */
export interface OpenDuckDb {
  /** Runs work on a connection of its own. */
  use<T>(work: (db: Db) => Promise<T>): Promise<T>;
  close(): void;
}

/**
 * Runs work with a DuckDB that is configured for the given memory and cannot load extensions, and always closes it.
 *
 * @throws OutOfMemory, OutOfDisk when DuckDB runs out of either; otherwise DuckDB's own errors, and the work's
 */
export const withDuckDb = async <T>(settings: DuckDbSettings, work: (db: Db) => Promise<T>): Promise<T> => {
  const opened = await openDuckDb(settings);
  try {
    return await opened.use(work);
  } finally {
    opened.close();
  }
};

export const openDuckDb = async (settings: DuckDbSettings): Promise<OpenDuckDb> => {
  const home = path.join(settings.scratch, 'duckdb');
  await mkdir(home, { recursive: true });
  const { bavail, bsize } = await statfs(home);
  const { memoryMb } = settings;
  const resources = {
    memoryMb,
    limitMb: Math.floor(memoryMb * DUCKDB_SHARE),
    spillMb: Math.floor((bavail * bsize * SPILL_SHARE) / 2 ** 20),
  };
  const instance = await DuckDBInstance.create(settings.database ?? ':memory:', {
    memory_limit: `${resources.limitMb}MiB`,
    threads: String(settings.threads),
    temp_directory: home,
    max_temp_directory_size: `${resources.spillMb}MiB`,
    home_directory: home,
    partitioned_write_max_open_files: String(MAX_OPEN_PARTITIONS),
    preserve_insertion_order: String(settings.ordered ?? true),
    ...RETURN_MEMORY,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  let isLocked = false;
  return {
    use: async (work) => {
      const connection = await instance.connect();
      try {
        if (!isLocked) await connection.run("SET GLOBAL TimeZone = 'UTC'; SET lock_configuration = true;");
        isLocked = true;
        return await work(wrap(connection, resources));
      } finally {
        connection.closeSync();
      }
    },
    close: () => instance.closeSync(),
  };
};

const wrap = (connection: DuckDBConnection, resources: DuckDbLimits): Db => {
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw asExhausted(error, resources);
    }
  };
  const read = async <T extends object>(sql: string, params?: readonly Bindable[]): Promise<T[]> => {
    const reader = await call(() =>
      connection.runAndReadAll(sql, params === undefined ? undefined : [...params]),
    );
    return reader.convertRowObjects(toJson) as T[];
  };
  return {
    memoryMb: resources.memoryMb,
    run: async (sql, params) => {
      await call(() => connection.run(sql, params === undefined ? undefined : [...params]));
    },
    all: read,
    one: async <T extends object>(sql: string, params?: readonly Bindable[]): Promise<T> => {
      const rows = await read<T>(sql, params);
      const [first] = rows;
      if (first === undefined || rows.length > 1)
        throw new RangeError(`Expected one row, got ${rows.length}: ${sql.slice(0, 200)}`);
      return first;
    },
    describe: async (sql) => {
      const rows = await read<{ column_name: string; column_type: string }>(`DESCRIBE ${sql}`);
      return rows.map((row) => ({ name: row.column_name, type: row.column_type }));
    },
    register: (definition) => connection.registerScalarFunction(definition),
  };
};

import {
  BIGINT,
  BLOB,
  type DuckDBBlobValue,
  DuckDBScalarFunction,
  type DuckDBType,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import type { Db } from '../../engine/with-duckdb.ts';
import { INFINITE_DAYS, INFINITE_MICROS } from './calendar.ts';
import { bytesOfUnscaled } from './numbers.ts';
import { decimalOf } from './schema.ts';
import type { PrimitiveType } from './types.ts';

/** The hash of the bucket transform: MurmurHash3, x86, 32 bits, seed 0 (specification, Appendix B). */

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

const scramble = (block: number): number => Math.imul(rotate(Math.imul(block, C1), 15), C2);

/** The hash as a signed 32-bit integer. */
export const murmur3 = (bytes: Uint8Array): number => {
  const whole = bytes.length - (bytes.length % 4);
  let hash = 0;
  for (let at = 0; at < whole; at += 4)
    hash = Math.imul(rotate(hash ^ scramble(littleEndian(bytes, at, 4)), 13), 5) + 0xe6546b64;
  hash ^= scramble(littleEndian(bytes, whole, bytes.length - whole)) ^ bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
};

const littleEndian = (bytes: Uint8Array, from: number, length: number): number => {
  let value = 0;
  for (let at = from + length - 1; at >= from; at -= 1) value = (value << 8) | (bytes[at] ?? 0);
  return value;
};

/** DuckDB has no MurmurHash3, so ours is registered, once for each binary form of values in Appendix B. */
const HASHES: { name: string; parameter: DuckDBType; bytesOf: (value: never) => Uint8Array }[] = [
  {
    name: 'iceberg_hash_long',
    parameter: BIGINT,
    bytesOf: (value: bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(value);
      return bytes;
    },
  },
  { name: 'iceberg_hash_bytes', parameter: BLOB, bytesOf: (value: DuckDBBlobValue) => value.bytes },
  {
    name: 'iceberg_hash_decimal',
    parameter: VARCHAR,
    bytesOf: (value: string) => bytesOfUnscaled(BigInt(value.replace('.', ''))),
  },
];

/** Registers the functions that the SQL of the bucket transform calls. Call it once per database. */
export const registerTransforms = (db: Db): void => {
  for (const { name, parameter, bytesOf } of HASHES)
    db.register(
      DuckDBScalarFunction.create({
        name,
        parameterTypes: [parameter],
        returnType: INTEGER,
        mainFunction: (_info, chunk, output) => {
          const values = chunk.getColumnVector(0);
          for (let row = 0; row < chunk.rowCount; row += 1) {
            const value = values.getItem(row);
            output.setItem(row, value === null ? null : murmur3(bytesOf(value as never)));
          }
          output.flush();
        },
      }),
    );
};

/** SQL of a value's bucket. It calls functions that `registerTransforms` registers. */
export const bucketSql = (expression: string, source: PrimitiveType, buckets: number): string =>
  `((${hashSql(expression, source)} & 2147483647) % ${buckets})`;

const hashSql = (value: string, source: PrimitiveType): string => {
  if (decimalOf(source) !== undefined) return `iceberg_hash_decimal(CAST(${value} AS VARCHAR))`;
  switch (source) {
    case 'int':
    case 'long':
      return `iceberg_hash_long(CAST(${value} AS BIGINT))`;
    case 'date':
      return `iceberg_hash_long(${daysSql(value)})`;
    case 'time':
      return `iceberg_hash_long(epoch_us(${value}))`;
    case 'timestamp':
    case 'timestamptz':
      return `iceberg_hash_long(${microsSql(value, source)})`;
    case 'string':
      return `iceberg_hash_bytes(encode(${value}))`;
    case 'uuid':
      return `iceberg_hash_bytes(unhex(replace(CAST(${value} AS VARCHAR), '-', '')))`;
    default:
      return `iceberg_hash_bytes(${value})`;
  }
};

/** DuckDB cannot convert infinite dates to days or microseconds. These are the numbers that it stores for them. */
const daysSql = (value: string): string =>
  infinitySql(value, 'DATE', String(INFINITE_DAYS), `(${value}) - DATE '1970-01-01'`);

const microsSql = (value: string, source: 'timestamp' | 'timestamptz'): string =>
  infinitySql(value, source, String(INFINITE_MICROS), `epoch_us(${value})`);

const infinitySql = (value: string, type: string, infinite: string, finite: string): string =>
  `(CASE ${value} WHEN ${type} 'infinity' THEN ${infinite} WHEN ${type} '-infinity' THEN -${infinite} ELSE ${finite} END)`;

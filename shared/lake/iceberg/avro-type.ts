import avro from 'avsc';
import { LruCache } from '../../base/lru-cache.ts';

/** A long is a number if a number holds it exactly, else a bigint. */
const long = avro.types.LongType.__with({
  fromBuffer(bytes: Buffer): number | bigint {
    const value = bytes.readBigInt64LE();
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  },
  toBuffer(value: number | bigint): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  isValid: (value: unknown) =>
    typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value),
  fromJSON: (value: number) => value,
  toJSON: (value: number | bigint) => Number(value),
  compare: (a: number | bigint, b: number | bigint) => (a < b ? -1 : Number(a > b)),
});

/** Gives the name under which a field is read, by its `field-id`; undefined keeps the file's name. */
export type NameOf = (fieldId: number) => string | undefined;

/** `avsc` generates code for each schema, which takes longer than to read a small file; tables have few schemas. */
const compiled = new LruCache<avro.Type>({ frozen: false });

/** Compiles a schema with the exact `long` above, also for annotated longs and in unions. */
export const avroType = (schema: unknown): avro.Type => {
  const text = JSON.stringify(schema);
  return compiled.get(text) ?? compiled.set(text, compile(schema));
};

const compile = (schema: unknown): avro.Type =>
  avro.Type.forSchema(schema as avro.Type, {
    typeHook: (part) =>
      part === 'long' || (typeof part === 'object' && 'type' in part && part.type === 'long')
        ? long
        : undefined,
  });

/** The schema with the fields renamed for whose id `nameOf` gives a name. */
export const renameFields = (schema: unknown, nameOf: NameOf): unknown => {
  if (Array.isArray(schema)) return schema.map((part) => renameFields(part, nameOf));
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts = Object.entries(schema).map(([key, value]) => [
    key,
    ['type', 'items', 'values', 'fields'].includes(key) ? renameFields(value, nameOf) : value,
  ]);
  const copy = Object.fromEntries(parts);
  const name = typeof copy['field-id'] === 'number' ? nameOf(copy['field-id']) : undefined;
  return name === undefined ? copy : { ...copy, name };
};

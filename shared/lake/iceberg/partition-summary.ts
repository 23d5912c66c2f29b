import { TableDamaged } from '../../errors.ts';
import { findField } from './schema.ts';
import { encodeValue } from './single-value.ts';
import { resultType } from './transforms.ts';
import type { ManifestFile, PartitionField, PrimitiveType, Schema } from './types.ts';

/**
 * A manifest list's summaries of the partition values in a manifest (specification, "Manifest Lists", `field_summary`). A
 * summary without bounds means that all values are NULL or NaN. If bounds are not known, there must be no summaries at all,
 * else other engines would skip files that hold rows. Here that is an empty list.
 */
export type Summaries = ManifestFile['partitions'];

/** The types of the fields' values; undefined for a field whose source column is not in the schema. */
export const partitionTypes = (
  fields: readonly PartitionField[],
  schema: Schema,
): (PrimitiveType | undefined)[] =>
  fields.map((field) => {
    const source = findField(schema, field['source-id'])?.type;
    if (typeof source === 'string') return resultType(field.transform, source);
    // Values of `void` are all NULL, so any type will do.
    return field.transform === 'void' ? 'int' : undefined;
  });

/**
 * The types of the fields' values.
 *
 * @throws TableDamaged when a source column is not in the schema, since its values could be neither written nor read
 */
export const knownPartitionTypes = (
  fields: readonly PartitionField[],
  schema: Schema,
  where: string,
): PrimitiveType[] =>
  partitionTypes(fields, schema).map((type, at) => {
    if (type !== undefined) return type;
    throw new TableDamaged(
      `${where} is partitioned by "${fields[at]?.name}", but schema ${schema['schema-id']} has no column ` +
        `of values with the id ${fields[at]?.['source-id']}. Use a schema of the table that has it.`,
    );
  });

/** Summarizes the partition values of a manifest's files, given as one tuple per file. */
export const summarize = (
  types: readonly PrimitiveType[],
  partitions: readonly (string | null)[][],
): Summaries => {
  const summaries = types.map((type, at) =>
    summarizeField(type, new Set(partitions.map((values) => values[at]))),
  );
  return summaries.every((summary) => summary !== undefined) ? summaries : [];
};

const summarizeField = (
  type: PrimitiveType,
  texts: ReadonlySet<string | null | undefined>,
): Summaries[number] | undefined => {
  const inOrder = order(type);
  const isFloat = type === 'float' || type === 'double';
  const containsNull = texts.has(null) || texts.has(undefined);
  const containsNan = isFloat && texts.has('nan');
  let lower: Bound | undefined;
  let upper: Bound | undefined;
  for (const text of texts) {
    if (text === null || text === undefined || (isFloat && text === 'nan')) continue;
    const bytes = encodeValue(type, text);
    if (bytes === undefined) return undefined;
    if (lower === undefined || inOrder(bytes, lower.bytes) < 0) lower = { text, bytes };
    if (upper === undefined || inOrder(bytes, upper.bytes) > 0) upper = { text, bytes };
  }
  if (lower === undefined || upper === undefined) return { containsNull, containsNan };
  return { containsNull, containsNan, lower: lower.text, upper: upper.text };
};

interface Bound {
  text: string;
  bytes: Buffer;
}

/** Orders values of a type by their binary form, since the texts of many types sort differently. */
const order = (type: PrimitiveType): ((a: Buffer, b: Buffer) => number) => {
  const by = (value: (bytes: Buffer) => number | bigint) => (a: Buffer, b: Buffer) => {
    const [x, y] = [value(a), value(b)];
    return x < y ? -1 : Number(x > y);
  };
  switch (type) {
    case 'int':
    case 'date':
      return by((bytes) => bytes.readInt32LE());
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return by((bytes) => bytes.readBigInt64LE());
    // -0 is less than 0 ("Manifest Lists", note 2). The sign is in the last byte.
    case 'float':
      return (a, b) => by((bytes) => bytes.readFloatLE())(a, b) || by((bytes) => -(bytes.at(-1) ?? 0))(a, b);
    case 'double':
      return (a, b) => by((bytes) => bytes.readDoubleLE())(a, b) || by((bytes) => -(bytes.at(-1) ?? 0))(a, b);
    default:
      return type.startsWith('decimal(')
        ? by((bytes) => BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`)))
        : Buffer.compare;
  }
};

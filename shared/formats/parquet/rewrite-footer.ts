import { constants } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { UnreadableFile } from '../../errors.ts';
import { readFooter } from './footer.ts';
import { type Struct, ThriftReader, type Value } from './thrift.ts';

/**
 * DuckDB reads some types in a way that loses values, and has no setting for it. A copy of the file whose footer names
 * other types for the same bytes is read as it should be:
 *
 * - `nanos`: a timestamp of nanoseconds in UTC becomes one without a zone, and a time of nanoseconds, in UTC or
 *   not, a timestamp on 1970-01-01. DuckDB cuts both to microseconds.
 * - `int96`: INT96 becomes bytes: nanoseconds of the day in eight, and the Julian day in four. DuckDB cuts it to microseconds.
 * - `texts`: texts become bytes. DuckDB ends the whole query at the first text that is no UTF-8.
 */
export type Rewriting = 'nanos' | 'int96' | 'texts';

/** Ids of https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const SCHEMA = 2;
const PHYSICAL_TYPE = 1;
const ROW_GROUPS = 4;
const CHUNKS = 1;
const CHUNK_METADATA = 3;
const INT96 = 3;
const INT96_BYTES = 12;
const CONVERTED_TYPE = 6;
const LOGICAL_TYPE = 10;
const TIME = 7;
const TIMESTAMP = 8;
const BSON = 13;
const NANOS = 3;
/** STRING, ENUM and JSON, as logical types and as converted types. */
const TEXTS = [1, 4, 12];
const CONVERTED_TEXTS = [0, 4, 19];

/** @throws UnreadableFile when the footer cannot be read */
export const copyWithFooter = async (source: string, target: string, rewriting: Rewriting): Promise<void> => {
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  const file = await open(target, 'r+');
  try {
    const { footer, start } = await readFooter(file);
    const rewritten = rewrite(footer, rewriting);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(rewritten.length);
    const end = Buffer.concat([rewritten, length, Buffer.from('PAR1')]);
    await file.write(end, 0, end.length, start);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UnreadableFile('The file is damaged: its footer cannot be read; upload it again.', {
      cause: error,
    });
  } finally {
    await file.close();
  }
};

const rewrite = (footer: Buffer, rewriting: Rewriting): Buffer => {
  if (rewriting === 'int96') return withPlainBytes(footer);
  for (const { fields } of new ThriftReader(footer).struct().get(SCHEMA)?.elements ?? [])
    if (fields !== undefined) (rewriting === 'nanos' ? renameNanos : renameTexts)(footer, fields);
  return footer;
};

/** The number of a type, as Thrift writes it; and a field that follows the type and holds the length, twelve. */
const FIXED_LENGTH = 7 << 1;
const LENGTH_FIELD = Buffer.from([0x15, INT96_BYTES << 1]);

/** A copy in which INT96 is a type of twelve bytes, in the schema and in the columns of each row group. */
const withPlainBytes = (footer: Buffer): Buffer => {
  const metadata = new ThriftReader(footer).struct();
  for (const group of metadata.get(ROW_GROUPS)?.elements ?? [])
    for (const chunk of group.fields?.get(CHUNKS)?.elements ?? []) {
      const type = chunk.fields?.get(CHUNK_METADATA)?.fields?.get(PHYSICAL_TYPE);
      if (type?.number === INT96) footer[type.header + 1] = FIXED_LENGTH;
    }
  const parts: Buffer[] = [];
  let copied = 0;
  for (const { fields } of metadata.get(SCHEMA)?.elements ?? []) {
    const type = fields?.get(PHYSICAL_TYPE);
    if (fields === undefined || type?.number !== INT96) continue;
    const following = [...fields].find(([id]) => id > PHYSICAL_TYPE)?.[1];
    if (following !== undefined) moveId(footer, following, -1);
    footer[type.header + 1] = FIXED_LENGTH;
    parts.push(footer.subarray(copied, type.header + 2), LENGTH_FIELD);
    copied = type.header + 2;
  }
  return Buffer.concat([...parts, footer.subarray(copied)]);
};

const renameNanos = (footer: Buffer, element: Struct): void => {
  const logical = element.get(LOGICAL_TYPE)?.fields;
  const [time, timestamp] = [logical?.get(TIME), logical?.get(TIMESTAMP)];
  for (const type of [time, timestamp]) if (type !== undefined && isNanos(type)) leaveUtc(footer, type);
  if (time !== undefined && isNanos(time)) moveId(footer, time, TIMESTAMP - TIME);
};

/** Whether a type is in UTC is its first field. The type of a boolean is its value: 1 is true, 2 is false. */
const leaveUtc = (footer: Buffer, type: Value): void => {
  const utc = type.fields?.get(1);
  if (utc?.number === 1) footer[utc.header] = ((footer[utc.header] ?? 0) & 0xf0) | 2;
};

/** The unit is the second field of both types. */
const isNanos = (type: Value): boolean => type.fields?.get(2)?.fields?.has(NANOS) === true;

const renameTexts = (footer: Buffer, element: Struct): void => {
  const converted = element.get(CONVERTED_TYPE);
  if (converted !== undefined && CONVERTED_TEXTS.includes(converted.number ?? -1)) {
    // DuckDB knows no converted type of bytes. As the next field, the scale, the number means nothing.
    const following = [...element].find(([id]) => id > CONVERTED_TYPE)?.[1];
    moveId(footer, converted, 1);
    if (following !== undefined) moveId(footer, following, -1);
  }
  for (const id of TEXTS) {
    const text = element.get(LOGICAL_TYPE)?.fields?.get(id);
    if (text !== undefined) moveId(footer, text, BSON - id);
  }
};

/** The upper half of a field's first byte is how far its id is from that of the field before. */
const moveId = (footer: Buffer, { header }: Value, by: number): void => {
  const distance = (footer[header] ?? 0) >> 4;
  if (distance === 0 || distance + by < 1 || distance + by > 15)
    throw new RangeError('The fields of the footer are spelled in a form that is not rewritten');
  footer[header] = ((distance + by) << 4) | ((footer[header] ?? 0) & 15);
};

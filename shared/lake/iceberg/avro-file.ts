import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import avro from 'avsc';
import { TableDamaged } from '../../errors.ts';
import { avroType, type NameOf, renameFields } from './avro-type.ts';

/**
 * Avro object container files (https://avro.apache.org/docs/1.11.1/specification/, "Object Container Files"). `avsc` encodes
 * the values. The container is read and written here, because the streams of `avsc` accept a truncated file as complete.
 */

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

const MAGIC = Buffer.from('Obj\u0001', 'latin1');
const SYNC_BYTES = 16;
/** Uncompressed size of a block. A reader holds one block in memory at a time. */
const BLOCK_BYTES = 64 * 1024;

const METADATA = avro.Type.forSchema({ type: 'map', values: 'bytes' });
const LONG = avro.Type.forSchema('long');

/**
 * The bytes of a compressed file of `records`. The header contains the schema as given, with attributes that Avro does not
 * define. The same input gives the same bytes: the sync marker, which must only be unlikely inside a block, is a hash.
 *
 * @throws TableDamaged when a record does not fit the schema
 */
export const encodeAvro = async (
  schema: object,
  records: readonly object[],
  metadata: Record<string, string>,
): Promise<Buffer> => {
  const type = avroType(schema);
  const blocks: { count: number; data: Buffer }[] = [];
  let rows: Buffer[] = [];
  let size = 0;
  const flush = async () => {
    if (rows.length > 0) blocks.push({ count: rows.length, data: await deflate(Buffer.concat(rows)) });
    rows = [];
    size = 0;
  };
  for (const [at, record] of records.entries()) {
    const row = encodeRecord(type, record, at);
    rows.push(row);
    size += row.length;
    if (size >= BLOCK_BYTES) await flush();
  }
  await flush();

  const header = { ...metadata, 'avro.codec': 'deflate', 'avro.schema': JSON.stringify(schema) };
  const encodedHeader = METADATA.toBuffer(
    Object.fromEntries(Object.entries(header).map(([key, value]) => [key, Buffer.from(value)])),
  );
  const hash = createHash('sha256').update(encodedHeader);
  for (const { data } of blocks) hash.update(data);
  const sync = hash.digest().subarray(0, SYNC_BYTES);
  const body = blocks.flatMap(({ count, data }) => [
    LONG.toBuffer(count),
    LONG.toBuffer(data.length),
    data,
    sync,
  ]);
  return Buffer.concat([MAGIC, encodedHeader, sync, ...body]);
};

/** Encodes one record. The error names the field that does not fit, but not its value, which the error of `avsc` shows. */
const encodeRecord = (type: avro.Type, record: object, at: number): Buffer => {
  try {
    return type.toBuffer(record);
  } catch {
    let path = '';
    type.isValid(record, { errorHook: (parts) => (path ||= parts.join('.')) });
    throw new TableDamaged(
      `Record ${at} does not fit the Avro schema "${type.name}" at "${path}". This is a defect of the writer: report it.`,
    );
  }
};

const unnamed: NameOf = () => undefined;

/** Content of a container file. `metadata` has all entries of the header, including `avro.schema` and `avro.codec`. */
export interface AvroFile {
  records: Record<string, unknown>[];
  metadata: Record<string, string>;
}

/**
 * Reads a whole file. A long beyond 2^53 becomes a bigint.
 *
 * @param where the file's location, for messages
 * @param nameOf renames fields that have a `field-id`: Iceberg identifies fields by id, and writers use different names
 * @throws TableDamaged when the file is incomplete, is not Avro, or has a codec other than `deflate` and `null`
 */
export const decodeAvro = async (
  bytes: Buffer,
  { where = 'The file', nameOf = unnamed }: { where?: string; nameOf?: NameOf } = {},
): Promise<AvroFile> => {
  const refuse = (reason: string, cause?: unknown) =>
    new TableDamaged(
      `${where} is not an Avro file that can be read: ${reason}. Restore the object from a backup, or drop the snapshots that need it.`,
      { cause },
    );
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw refuse('it does not begin as one');
  const next = (type: avro.Type, offset: number) => {
    const { value, offset: end } = type.decode(bytes, offset);
    // avsc returns -1 if there are too few bytes.
    if (end < 0) throw refuse(`cut off at byte ${bytes.length}`);
    return { value, end };
  };

  try {
    const header = next(METADATA, MAGIC.length);
    const metadata: Record<string, string> = Object.fromEntries(
      Object.entries(header.value as Record<string, Buffer>).map(([key, value]) => [key, value.toString()]),
    );
    const codec = metadata['avro.codec'] ?? 'null';
    if (codec !== 'null' && codec !== 'deflate') throw refuse(`codec "${codec}"`);
    const type = avroType(renameFields(JSON.parse(metadata['avro.schema'] ?? ''), nameOf));
    const sync = bytes.subarray(header.end, header.end + SYNC_BYTES);
    if (sync.length < SYNC_BYTES) throw refuse(`cut off at byte ${bytes.length}`);

    const records: Record<string, unknown>[] = [];
    let at = header.end + SYNC_BYTES;
    while (at < bytes.length) {
      const count = next(LONG, at);
      const size = next(LONG, count.end);
      const end = size.end + size.value;
      if (count.value < 0 || size.value < 0) throw refuse(`a block of negative size at byte ${at}`);
      if (end + SYNC_BYTES > bytes.length) throw refuse(`cut off at byte ${bytes.length}`);
      if (!bytes.subarray(end, end + SYNC_BYTES).equals(sync)) throw refuse(`no sync marker at byte ${end}`);
      const data = bytes.subarray(size.end, end);
      decodeBlock(type, codec === 'deflate' ? await inflate(data) : data, count.value, records);
      at = end + SYNC_BYTES;
    }
    return { records, metadata };
  } catch (cause) {
    if (cause instanceof TableDamaged) throw cause;
    throw refuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
};

const decodeBlock = (
  type: avro.Type,
  block: Buffer,
  count: number,
  into: Record<string, unknown>[],
): void => {
  let at = 0;
  for (let row = 0; row < count; row++) {
    const { value, offset } = type.decode(block, at);
    if (offset < 0) throw new Error(`a block of ${count} records ends in record ${row}`);
    into.push(value);
    at = offset;
  }
  if (at !== block.length) throw new Error(`a block has bytes left after its ${count} records`);
};

/**
 * A count, size or id that was read from an Avro file.
 *
 * @throws TableDamaged when it is absent, negative or beyond 2^53. Snapshot ids of other engines may be beyond it, and a
 *   rounded id would be a different one.
 */
export const wholeNumber = (value: unknown, what: string): number => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TableDamaged(`${what} is ${value ?? 'absent'}, not a whole number below 2^53`);
};

import { deflateRawSync } from 'node:zlib';
import avro from 'avsc';

/** Parts of an object container file, which a test may damage. */
export interface ContainerParts {
  codec?: string;
  sync?: Buffer;
  /** The header's entry `avro.schema`, where it is not the schema that encodes. */
  schemaText?: string;
  /** Turns a block's data into what the file holds. */
  pack?: (data: Buffer<ArrayBuffer>) => Buffer;
}

export const SYNC = Buffer.from('0123456789abcdef');
const METADATA = avro.Type.forSchema({ type: 'map', values: 'bytes' });
const LONG = avro.Type.forSchema('long');

/** A number as Avro writes it. */
export const long = (value: number): Buffer => LONG.toBuffer(value);

/** A block of this number of records. */
export const block = (records: number, data: Buffer, sync: Buffer = SYNC): Buffer<ArrayBuffer> =>
  Buffer.concat([long(records), long(data.length), data, sync]);

export const header = (schemaText: string, codec = 'null', sync: Buffer = SYNC): Buffer<ArrayBuffer> =>
  Buffer.concat([
    Buffer.from('Obj\u0001', 'latin1'),
    METADATA.toBuffer({ 'avro.schema': Buffer.from(schemaText), 'avro.codec': Buffer.from(codec) }),
    sync,
  ]);

/** An object container file. Each list of records is a block; `avsc`, another implementation, encodes the values. */
export const container = (
  schema: object,
  blocks: readonly (readonly object[])[],
  { codec = 'deflate', sync = SYNC, schemaText = JSON.stringify(schema), pack }: ContainerParts = {},
): Buffer<ArrayBuffer> => {
  const type = avro.Type.forSchema(schema as avro.Schema, { wrapUnions: false });
  const packed = pack ?? (codec === 'deflate' ? deflateRawSync : (data: Buffer<ArrayBuffer>) => data);
  return Buffer.concat([
    header(schemaText, codec, sync),
    ...blocks.map((records) =>
      block(records.length, packed(Buffer.concat(records.map((record) => type.toBuffer(record)))), sync),
    ),
  ]);
};

import path from 'node:path';
import { ContractMismatch, EmptyFile, UnreadableFile } from '../../errors.ts';
import { Damage } from '../bytes/damage.ts';
import { startsWith } from '../bytes/file-ends.ts';
import { unpackedLimit } from '../bytes/unpacked-limit.ts';
import { NestedKeys, repeatsOf } from '../json/nested-keys.ts';
import type { BinaryFormat } from '../records/format.ts';
import { grammar } from '../records/grammar.ts';
import { listNames } from '../records/list-names.ts';
import type { ExpectedColumn, OpenedRecords, OpenOptions } from '../records/opened-records.ts';
import { readCsv } from '../records/read-csv.ts';
import { accountOf } from '../records/scan-account.ts';
import { scanRecords } from '../records/scan-records.ts';
import { ScratchWriter } from '../records/scratch-writer.ts';
import { type Container, openContainer } from './container.ts';
import { Cursor } from './cursor.ts';
import { type Field, parseSchema, type Type } from './schema.ts';
import { type FieldUse, JsonDecoder } from './to-json.ts';

/** `Obj` and the version. */
const MAGIC = '4f626a01';
/** JSON escapes the control characters: this one delimits nothing, and leaves every line in one piece. */
const UNUSED = '\u001f';
const NEWLINE = Buffer.from('\n');

/**
 * The records become lines of JSON in a file, and are read as NDJSON is.
 *
 * @throws UnreadableFile when the file is damaged, or its codec or schema is not read
 * @throws EmptyFile for a file of no records
 * @throws ContractMismatch when two fields have the name of one column
 * @throws DecompressionLimit when its records take more than `maxUnpackedBytes`
 */
const openAvro = async (
  filePath: string,
  options: OpenOptions,
  folder: string,
): Promise<OpenedRecords<'avro'>> => {
  const lines = path.join(folder, 'records.ndjson');
  const keys = new NestedKeys(1, true);
  try {
    const container = await openContainer(filePath);
    try {
      await writeLines(container, lines, keys, options);
    } finally {
      await container.close();
    }
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    throw new UnreadableFile(`The Avro file is damaged: ${error.message}. Upload it again.`, {
      cause: error,
    });
  }
  const scan = await scanRecords({
    path: lines,
    ...{ start: 0, firstLine: 1, grammar: grammar(-1, -1), columns: 1, skipBlanks: false, copy: false },
    invalidUtf8: true,
    maxRecordBytes: options.maxRecordBytes,
    folder,
  });
  const relation = readCsv({
    path: scan.ledger.copyPath ?? lines,
    ...{ columns: ['doc'], delimiter: UNUSED, quote: '', header: false, multiline: false },
    longest: scan.longest,
    newline: scan.newline,
  });
  return {
    format: 'avro',
    shape: 'documents',
    columns: [],
    relation,
    ...repeatsOf(keys),
    ...accountOf(scan),
  };
};

const writeLines = async (
  container: Container,
  target: string,
  keys: NestedKeys,
  options: OpenOptions,
): Promise<void> => {
  const { expected, maxRecordBytes, maxUnpackedBytes } = options;
  const type = parseSchema(container.schema);
  throwIfRepeated(type, expected);
  const useOf = usesOf(expected);
  const writer = new ScratchWriter(target);
  let [unpacked, written, records] = [0, 0, 0];
  try {
    for await (const block of container.blocks()) {
      unpacked += block.data.length;
      const cursor = new Cursor(block.data);
      const decoder = new JsonDecoder(cursor, maxRecordBytes, useOf);
      for (let record = 0; record < block.records; record++) {
        const line = Buffer.from(decoder.next(type), 'latin1');
        keys.read(line);
        keys.read(NEWLINE);
        writer.append(line);
        writer.append(NEWLINE);
        written += line.length + 1;
        if (Math.max(unpacked, written) > maxUnpackedBytes) throw unpackedLimit(maxUnpackedBytes);
      }
      if (cursor.at < block.data.length) throw new Damage('a block has bytes left after its records');
      records += block.records;
    }
  } finally {
    writer.close();
  }
  if (records === 0) throw new EmptyFile('The Avro file holds no records. Check the system that wrote it.');
};

const normalName = (name: string): string => name.trim().toLowerCase();

/** Fields are looked up by identity: only those of the record itself are asked for. */
const usesOf = (expected: readonly ExpectedColumn[]): ((field: Field) => FieldUse) => {
  const types = new Map(
    expected.flatMap(({ sourceName, name = sourceName, logicalType }) => [
      [normalName(name), logicalType] as const,
      [normalName(sourceName), logicalType] as const,
    ]),
  );
  const uses = new Map<Field, FieldUse>();
  return (field) => {
    const known = uses.get(field);
    if (known !== undefined) return known;
    const type = types.get(normalName(field.name));
    const use = { expected: type !== undefined, asDate: type === 'date' };
    uses.set(field, use);
    return use;
  };
};

/** Avro tells names apart by case, and columns are not told apart by it. */
const throwIfRepeated = (type: Type, expected: readonly ExpectedColumn[]): void => {
  if (type.kind !== 'record') return;
  const names = type.fields.map(({ name }) => normalName(name));
  const known = new Set(
    expected.flatMap(({ sourceName, name = sourceName }) => [sourceName, name]).map(normalName),
  );
  const repeated = type.fields.filter(
    ({ name }) =>
      known.has(normalName(name)) && names.indexOf(normalName(name)) !== names.lastIndexOf(normalName(name)),
  );
  if (repeated.length === 0) return;
  throw new ContractMismatch(
    `Fields of the Avro schema differ in case only, and are the same column: ${listNames(repeated.map(({ name }) => name))}. Rename one of them, and upload the file again.`,
  );
};

export const AVRO: BinaryFormat<'avro'> = {
  name: 'avro',
  titles: ['Avro'],
  docs: 'object container files, as Kafka and Hive write them: codecs null, deflate, snappy and zstandard, all types. Records, arrays and maps only for an `object` or `array` column. [Values](contracts.md#avro-values)',
  content: 'bytes',
  recognise: ({ head }) => startsWith(head, MAGIC),
  open: openAvro,
};

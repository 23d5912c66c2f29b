import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { literal } from '../../../../shared/engine/sql.ts';
import { withDuckDb } from '../../../../shared/engine/with-duckdb.ts';
import { UnreadableFile } from '../../../../shared/errors.ts';
import { checkPages } from '../../../../shared/formats/parquet/check-pages.ts';
import { ThriftReader } from '../../../../shared/formats/parquet/thrift.ts';
import { ROOT } from '../../../helpers/engine.ts';
import { scratch } from '../../../helpers/scratch.ts';

/** Writes a SELECT as Parquet, changes its bytes, and checks them. */
const check = (select: string, options: string, change?: (bytes: Buffer) => void): Promise<void> => {
  const file = path.join(scratch(), 'file.parquet');
  return withDuckDb({ memoryMb: 512, threads: 1, scratch: scratch() }, async (db) => {
    await db.run(`COPY (${select}) TO ${literal(file)} (FORMAT parquet, ${options})`);
    const bytes = readFileSync(file);
    change?.(bytes);
    writeFileSync(file, bytes);
    await checkPages(db, file);
  });
};

const checkFile = (bytes: Buffer): Promise<void> => {
  const file = path.join(scratch(), 'file.parquet');
  writeFileSync(file, bytes);
  return withDuckDb({ memoryMb: 512, threads: 1, scratch: scratch() }, (db) => checkPages(db, file));
};

const WHOLE = path.join(ROOT, 'tests/golden/parquet-page-checksum/input');

test.each(['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4_raw', 'brotli'])(
  'pages of %s that repeat one value are no larger than their bytes can be',
  async (codec) => {
    await check(
      `SELECT repeat('a', 100000) AS x FROM range(100)`,
      `COMPRESSION ${codec}, DICTIONARY_SIZE_LIMIT 1`,
    );
    await check('SELECT range % 3 AS x, [range, NULL] AS y FROM range(300000)', `COMPRESSION ${codec}`);
  },
);

test('a page that claims more bytes than its own can hold makes the file unreadable', async () => {
  const claim = (bytes: Buffer): void => {
    // Field 2 of the first page's header, in three bytes.
    const size = new ThriftReader(bytes, 4).struct().get(2)?.header ?? 0;
    expect((bytes[size + 2] ?? 0) > 127 && (bytes[size + 3] ?? 0) < 127).toBe(true);
    bytes.set([0xfe, 0xff, 0x7f], size + 1);
  };
  const select = 'SELECT hash(range) AS x FROM range(200000)';
  await check(select, 'COMPRESSION uncompressed');
  await expect(check(select, 'COMPRESSION uncompressed', claim)).rejects.toThrow(UnreadableFile);
});

test.each(['whole-v1.parquet', 'whole-v2.parquet'])(
  'every changed byte of the pages of %s is found',
  async (name) => {
    const bytes = readFileSync(path.join(WHOLE, name));
    await checkFile(bytes);
    const reader = new ThriftReader(bytes, 4);
    const header = reader.struct();
    const length = header.get(3)?.number ?? 0;
    expect(header.get(4)?.number).toBe(crc32(bytes.subarray(reader.at, reader.at + length)) | 0);
    for (const at of [reader.at, reader.at + length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(checkFile(changed)).rejects.toThrow('does not match its checksum');
    }
  },
);

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { literal } from '../../shared/engine/sql.ts';
import { withDuckDb } from '../../shared/engine/with-duckdb.ts';
import { ThriftReader } from '../../shared/formats/parquet/thrift.ts';
import { block, container, header, long } from '../helpers/avro-container.ts';
import { ROOT } from '../helpers/engine.ts';
import { scratch } from '../helpers/scratch.ts';
import { sheetRow, workbook, workbookParts, zip } from '../helpers/zip.ts';

/** A file of one kind of bad input. */
export interface BadInput {
  content: () => Promise<string | Buffer> | string | Buffer;
  /** The file's key. Default: `orders/file`. */
  key?: string;
  /** Ids of its rows in silver; none if the file is quarantined whole. */
  loaded?: number[];
  /** The number of rejected rows, in a file that is loaded in part or stopped by the quality gate. */
  rejected?: number;
}

const HEADER = 'id,name,amount,day,size,note\n';
const GOOD = '1,Ada,5,2024-01-01,S,x\n';
const BETTER = '2,Bo,6.5,2024-01-02,M,\n';
const CSV = HEADER + GOOD + BETTER;

/** A CSV file with a bad row between two good ones. */
const amid = (row: string | Buffer): BadInput => ({
  content: () => Buffer.concat([HEADER, GOOD, row, '\n', BETTER].map((part) => Buffer.from(part))),
  loaded: [1, 2],
  rejected: 1,
});
const amidJson = (record: string): BadInput => ({
  content: () => `{"id": 1, "name": "Ada"}\n${record}\n{"id": 2, "name": "Bo"}\n`,
  loaded: [1, 2],
  rejected: 1,
});
const file = (content: string | Buffer, key?: string): BadInput => ({
  content: () => content,
  ...(key !== undefined && { key }),
});
const gate = (rows: string, rejected: number, key?: string): BadInput => ({
  ...file(HEADER + rows, key),
  rejected,
});

const amidTimed = (records: string): BadInput => ({
  content: () => `{"id": 1, "at": "2024-01-01"}\n${records}\n{"id": 2, "clock": "23:59"}\n`,
  key: 'times/file',
  loaded: [1, 2],
  rejected: 1,
});
const golden = (name: string, input: string, key?: string): BadInput =>
  file(readFileSync(path.join(ROOT, 'tests/golden', name, 'input', input)), key);

/** A page whose header says that it has twice its size and more, once unpacked. */
const claimingMore = async (): Promise<Buffer> => {
  const bytes = await parquet('SELECT range AS id, hash(range) AS amount FROM range(100000)', 'uncompressed');
  const size = new ThriftReader(bytes, 4).struct().get(2)?.header ?? 0;
  bytes.set([0xfe, 0xff, 0x7f], size + 1);
  return bytes;
};

const parquet = (select: string, codec = 'zstd'): Promise<Buffer> => {
  const folder = scratch();
  const target = path.join(folder, 'file.parquet');
  return withDuckDb({ memoryMb: 512, threads: 1, scratch: folder }, async (db) => {
    await db.run(`COPY (${select}) TO ${literal(target)} (FORMAT parquet, COMPRESSION ${codec})`);
    return readFileSync(target);
  });
};
const ROWS = `SELECT range + 1 AS id, 'a' || range AS name FROM range(1000)`;

const AVRO_SCHEMA = {
  type: 'record',
  name: 'order',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'name', type: 'bytes' },
  ],
};
const AVRO_ROWS = [
  [
    { id: 1, name: Buffer.from('Ada') },
    { id: 2, name: Buffer.from('Bo') },
  ],
];
const AVRO = container(AVRO_SCHEMA, AVRO_ROWS);

const ROWS_OF_SHEET = sheetRow('id', 'name', 'amount', 'day') + sheetRow('1', 'Ada', '5');
const SHEET = workbook({ S: ROWS_OF_SHEET });
/** A workbook with bad rows between two good ones. */
const amidRows = (rows: string): BadInput => ({
  content: () => workbook({ S: ROWS_OF_SHEET + rows + sheetRow('2', 'Bo') }),
  loaded: [1, 2],
  rejected: 1,
});

/** A copy with zeros between two positions, which are given as shares of the length. */
const damaged = (bytes: Buffer, from: number, to: number): Buffer =>
  Buffer.from(bytes).fill(0, Math.floor(bytes.length * from), Math.floor(bytes.length * to));

/** The files by the name of their kind in `docs/bad-input.md`. */
export const BAD_INPUTS: Record<string, BadInput> = {
  'an empty file': file(''),
  'nothing but blanks': file(' \n\t\n'),
  'a header and no rows': file(HEADER),
  'an empty JSON array, `[]`': file('[]\n'),
  'Parquet of zero rows': { content: () => parquet(`${ROWS} LIMIT 0`) },
  'an empty file, compressed': file(gzipSync('')),
  'no column of the contract': file('a,b\n1,2\n'),
  'a required column is missing': file('id,amount\n1,2\n'),
  'an unknown column, where the contract rejects them': file('id,name,extra\n1,Ada,2\n', 'strict/file'),
  'a column of the contract twice': file('id,name,Name\n1,Ada,Bo\n'),
  'a key that `keyPattern` does not match': file('id\n1\n', 'dated/yesterday.csv'),
  'lines before the header': file(`Orders of March\n\n${CSV}`),
  'a first record that may be a header or a row': file(`zz,name,5,2024-01-01,S,x\n${GOOD}`),
  'JSON records without any key of the contract': file('{"a": 1}\n{"b": 2}\n'),
  'JSON records in a list below one object': file('{"data": [{"id": 1, "name": "Ada"}], "next": null}'),
  "no records at the contract's `recordsPath`": file(
    '{"rows": [{"id": 1}], "next": null}',
    'events/file.json',
  ),
  "an empty list at the contract's `recordsPath`": file('{"data": {"items": []}}', 'events/file.json'),
  'a JSON array without a single object': file('[1, "two", null]'),
  'random bytes': file(Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * i * 31 + i * 7) % 251))),
  'a ZIP archive': file(zip({ 'orders/orders.csv': CSV })),
  'an old, binary or encrypted workbook, ODS or Numbers': file(zip({ mimetype: '', 'content.xml': '' })),
  'a workbook that is cut off': file(SHEET.subarray(0, -100)),
  'a workbook whose sheet does not match its checksum': file(
    zip(workbookParts({ S: ROWS_OF_SHEET }), { 'xl/worksheets/s0.xml': { crc: 1 } }),
  ),
  'a workbook without the sheet of the contract': file(SHEET, 'sheets/file'),
  'a sheet that unpacks to more than the limit': file(workbook({ S: ROWS_OF_SHEET.repeat(5000) })),
  'an empty sheet': file(workbook({ S: '' })),
  'a PDF document': file(Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n', 'latin1')),
  'an HTML page': file('<!DOCTYPE html>\n<html><body>1,2</body></html>\n'),
  'an XML document': file('<?xml version="1.0"?>\n<orders><order><id>1</id></order></orders>\n'),
  'a tar archive, compressed': file(readFileSync(path.join(ROOT, 'tests/fixtures/formats/orders.tar.gz'))),
  'a file compressed with bzip2, xz, LZ4 or Snappy': file(Buffer.from('fd377a585a000004e6d6b446', 'hex')),
  'an Arrow, Feather or ORC file': file(Buffer.from('4152524f57310000ffffffffa8000000', 'hex')),
  'an SQLite or DuckDB database': file(Buffer.from('53514c69746520666f726d6174203300', 'hex')),
  'gzip that is cut off': file(gzipSync(CSV.repeat(100)).subarray(0, -20)),
  'zstd that is cut off': file(zstdCompressSync(CSV.repeat(100)).subarray(0, -20)),
  'gzip within gzip': file(gzipSync(gzipSync(CSV))),
  'Parquet that is cut off': { content: async () => (await parquet(ROWS)).subarray(0, -100) },
  'Parquet with a damaged page': { content: async () => damaged(await parquet(ROWS), 0.2, 0.5) },
  'a Parquet page that does not match its checksum': golden('parquet-page-checksum', 'damaged.parquet'),
  'a Parquet page that claims more bytes than it can hold': { content: () => claimingMore() },
  'Parquet with encrypted columns': file(
    readFileSync(path.join(ROOT, 'tests/fixtures/formats/encrypted-columns.parquet')),
  ),
  'Parquet INT96 with nanoseconds that are not zero': golden('nanoseconds-nested', '3-int96.parquet'),
  'a Parquet page of few bytes whose texts take much memory': file(
    readFileSync(path.join(ROOT, 'tests/fixtures/formats/delta-texts-bomb.parquet')),
  ),
  'a Parquet DECIMAL of more than 38 digits': golden('parquet-wide-decimal', 'nested.parquet'),
  'Avro that is cut off': file(AVRO.subarray(0, -10)),
  'an Avro block without its sync marker': file(Buffer.concat([AVRO.subarray(0, -16), Buffer.alloc(16)])),
  'an Avro block that does not match its checksum': file(
    container(AVRO_SCHEMA, AVRO_ROWS, {
      codec: 'snappy',
      // A literal of all bytes, and a checksum of zero.
      pack: (data) =>
        Buffer.concat([Buffer.from([data.length, (data.length - 1) << 2]), data, Buffer.alloc(4)]),
    }),
  ),
  'an Avro codec that is not read': file(container(AVRO_SCHEMA, AVRO_ROWS, { codec: 'bzip2' })),
  'an Avro array that claims more than its bytes can hold': file(
    Buffer.concat([
      header(
        JSON.stringify({
          type: 'record',
          name: 'order',
          fields: [
            { name: 'id', type: 'int' },
            { name: 'name', type: { type: 'array', items: 'null' } },
          ],
        }),
      ),
      block(1, Buffer.concat([long(1), long(2 ** 40), long(0)])),
    ]),
  ),
  'Avro fields that differ in case only': file(
    container({ ...AVRO_SCHEMA, fields: [...AVRO_SCHEMA.fields, { name: 'Name', type: 'string' }] }, [
      [{ id: 1, name: Buffer.from('Ada'), Name: 'Bo' }],
    ]),
  ),
  'a JSON array that is cut off': file('[{"id": 1, "name": "Ada"}, {"id": 2, "na'),
  'a JSON array with a comma at its end': file('[{"id": 1, "name": "Ada"},\n]'),
  'several JSON arrays behind one another': file('[{"id": 1, "name": "Ada"}]\n[{"id": 2, "name": "Bo"}]\n'),
  'text with bytes that Windows-1252 does not define': file(Buffer.from(`${CSV}3,\x83\x81,1,,,\n`, 'latin1')),
  'UTF-16 with half a character at its end': file(Buffer.from(`\ufeff${CSV}`, 'utf16le').subarray(0, -1)),
  'more bytes than the limit, once decompressed': file(gzipSync(HEADER + GOOD.repeat(100_000))),
  'a file larger than any function takes': file(Buffer.alloc(2 ** 23 + 1, 'a,b,c\n')),
  'a dataset that has no contract': file(CSV, 'nowhere/file.csv'),
  'a key outside of any folder': file(CSV, 'file.csv'),
  "a folder that cannot be a dataset's name": file(CSV, 'My Orders/file.csv'),
  'a CSV row with too few or too many fields': { ...amid('3,Cy\n4,Di,1,2024-01-01,S,x,y'), rejected: 2 },
  'a quote that is never closed': amid('3,"Cy,1,,,'),
  'text after a closing quote': amid('3,"Cy" the Great,1,,,'),
  'a quote that ends a field which it did not begin': amid('3,Boots"Light, dry",1,,'),
  'bytes that are not UTF-8, in a UTF-8 file': {
    ...amid(Buffer.from('3,Cy\xff,1,,,\n4,Zo\xc3\xab,1,,,', 'latin1')),
    loaded: [1, 2, 4],
  },
  'a record longer than the limit': amid(`3,Cy,1,,,${'x'.repeat(70_000)}`),
  'a broken line in NDJSON': amidJson('{"id": 3, "name"'),
  'a JSON record that is no object': amidJson('[3, "Cy"]'),
  "a line without an object at the contract's `recordsPath`": {
    ...file(
      '{"data":{"items":{"id":1}}}\n{"data":{"id":2}}\n{"data":{"items":{"id":3}}}\n',
      'events/file.json',
    ),
    ...{ loaded: [1, 3], rejected: 1 },
  },
  'a JSON key in two spellings with different values': amidJson('{"id": 3, "name": "Cy", "Name": "Di"}'),
  'a JSON key twice with different values': amidJson('{"id": 3, "name": "Cy", "name": "Di"}'),
  'a JSON key twice in an object within the record': amidJson(
    '{"id": 3, "name": "Cy", "x": {"a": 1, "a": 2}}',
  ),
  '`NaN` in JSON': amidJson('{"id": 3, "name": "Cy", "amount": NaN}'),
  'an object or array where one value belongs': amidJson('{"id": 3, "name": {"first": "Cy"}}'),
  'a Parquet list where one value belongs': {
    content: () =>
      parquet(`SELECT unnest([1, 2, 3]) AS id, 'Ada' AS name, unnest([NULL, NULL, [1.5]]) AS amount`),
    loaded: [1, 2],
    rejected: 1,
  },
  'a value of the wrong type': amid('3,Cy,many,,,'),
  'a fraction where an integer belongs': amid('3.5,Cy,1,,,'),
  'a decimal comma, or separated thousands, which the contract does not set': {
    ...amid('3,Cy,"1,5",,,\n4,Di,1\'000,,,'),
    ...{ rejected: 2 },
  },
  'a group of thousands that has not three digits': {
    ...file('id;amount\n1;1.234,5\n2;12.34\n3;2\n', 'commas/file.csv'),
    ...{ loaded: [1, 3], rejected: 1 },
  },
  'seconds since 1970 that the contract does not set': amidTimed('{"id": 3, "at": 1700000000}'),
  'a number that is too big for its type': amid('99999999999999999999,Cy,1,,,'),
  '`nan` and `inf` where a number belongs': { ...amid('3,Cy,nan,,,\n4,Di,inf,,,'), rejected: 2 },
  'a date that does not exist': amid('3,Cy,1,2024-02-30,,'),
  'a year outside 0001 to 9999': amid('3,Cy,1,0000-01-01,,'),
  '24:00 as a time': amidTimed('{"id": 3, "clock": "24:00"}'),
  'an abbreviated time zone, or an offset beyond 18 hours': {
    ...amidTimed('{"id": 3, "at": "2024-01-01 10:00:00 IST"}\n{"id": 4, "at": "2024-01-01T10:00:00+25:00"}'),
    rejected: 2,
  },
  'nanoseconds that are not zero': amidTimed('{"id": 3, "at": "2024-01-01T10:00:00.123456789Z"}'),
  'a Parquet text that is not UTF-8': {
    ...golden('parquet-invalid-utf8', 'in.parquet', 'places/in.parquet'),
    ...{ loaded: [1, 3, 4], rejected: 1 },
  },
  'an Avro text that is not UTF-8': {
    ...file(
      container(AVRO_SCHEMA, [[...(AVRO_ROWS[0] ?? []), { id: 3, name: Buffer.from('Cy\xff', 'latin1') }]]),
    ),
    ...{ loaded: [1, 2], rejected: 1 },
  },
  '`#N/A` or another error in a cell': {
    ...amidRows(sheetRow('3', '<c t="e"><v>#N/A</v></c>') + sheetRow('4', 'Di', '<c t="e"><v>#REF!</v></c>')),
    rejected: 2,
  },
  'a formula without a stored result': amidRows(sheetRow('3', '<c><f>A1</f></c>')),
  "a value to the right of a sheet's last column": amidRows(sheetRow('3', 'Cy', '1', '', 'x')),
  'a date without a format of dates, in a sheet': amidRows(sheetRow('3', 'Cy', '1', '<c><v>45292</v></c>')),
  'a required value that is missing': amid('3, ,1,,,'),
  'a key that is missing': amid(',Cy,1,,,'),
  'a value that does not match the pattern': amid('3,cy,1,,,'),
  'a text that is not of the format': {
    ...file('id,email\n1,ada@example.com\n2,nobody\n3,bo@example.com\n', 'contacts/file.csv'),
    ...{ loaded: [1, 3], rejected: 1 },
  },
  'a number out of its range': amid('3,Cy,101,,,'),
  'a text that is too long': amid('3,Cyyyyyyyyyy,1,,,'),
  'a value that is none of those allowed': amid('3,Cy,1,,XL,'),
  'a row that breaks several rules': amid('x,Cy,101,,XL,'),
  'too many rows rejected': gate(`${GOOD}2,bo,,,,\n3,cy,,,,\n4,di,,,,\n`, 3),
  'every row rejected': gate('1,ada,,,,\n2,bo,,,,\n', 2),
  'a critical rule broken': file('id,low,high\n1,1,2\n2,2,1\n', 'ranges/file.csv'),
  'too many values missing for a rule': gate('1,Ada,,,,\n2,Bo,,,,x\n', 0, 'strict/file.csv'),
  'too many duplicates': gate(GOOD.repeat(4), 0, 'strict/file.csv'),
  'data that is too old': file('id,day\n1,1999-12-31\n', 'daily/file.csv'),
};

const contract = (dataset: string, body: string): Record<string, string> => ({
  [`${dataset}/contract.yaml`]: `apiVersion: v3.1.0
kind: DataContract
id: ${dataset}
version: 1.0.0
status: active
schema:
  - name: ${dataset}
${body}`,
  [`${dataset}/gold/${dataset}_ids.sql`]: `/*---
columns: [{ name: id, logicalType: integer, primaryKey: true }]
---*/
select id from silver.${dataset}`,
});

const ORDERS = `    properties:
      - { name: id, logicalType: integer, primaryKey: true }
      - { name: name, logicalType: string, required: true, logicalTypeOptions: { pattern: "^[A-Z]", maxLength: 10 } }
      - { name: amount, logicalType: number, logicalTypeOptions: { maximum: 100 } }
      - { name: day, logicalType: date }
      - name: size
        logicalType: string
        quality: [{ metric: invalidValues, arguments: { validValues: [S, M, L] }, mustBe: 0 }]
      - name: note
        logicalType: string
`;

/** A lenient dataset, a strict one, one with a critical rule, one whose data must be fresh, and some with other types. */
export const BAD_INPUT_DATASETS: Record<string, string> = {
  ...contract('orders', `${ORDERS}    customProperties: [{ property: qualityThreshold, value: 0.8 }]\n`),
  ...contract(
    'strict',
    `${ORDERS}        quality: [{ id: note-mostly-there, metric: nullValues, mustBeLessThan: 50, unit: percent }]
    customProperties: [{ property: unknownColumns, value: reject }]\n`,
  ),
  ...contract(
    'ranges',
    `    properties:
      - { name: id, logicalType: integer, primaryKey: true }
      - { name: low, logicalType: integer }
      - { name: high, logicalType: integer }
    quality:
      - { id: max-not-below-min, type: sql, query: "select count(*) from \${table} where high < low", mustBe: 0, severity: critical }
    customProperties: [{ property: qualityThreshold, value: 0 }]\n`,
  ),
  ...contract(
    'contacts',
    `    properties:
      - { name: id, logicalType: integer, primaryKey: true }
      - { name: email, logicalType: string, logicalTypeOptions: { format: email } }
    customProperties: [{ property: qualityThreshold, value: 0.8 }]\n`,
  ),
  ...contract(
    'times',
    `    properties:
      - { name: id, logicalType: integer, primaryKey: true }
      - { name: at, logicalType: timestamp }
      - { name: clock, logicalType: time }
    customProperties: [{ property: qualityThreshold, value: 0.5 }]\n`,
  ),
  ...contract(
    'events',
    `    properties:
      - { name: id, logicalType: integer, primaryKey: true }
    customProperties:
      - { property: qualityThreshold, value: 0.5 }
      - { property: recordsPath, value: /data/items }\n`,
  ),
  ...contract(
    'commas',
    `    properties:
      - { name: id, logicalType: integer, primaryKey: true }
      - { name: amount, logicalType: number }
    customProperties:
      - { property: qualityThreshold, value: 0.5 }
      - { property: decimalSeparator, value: "," }
      - { property: thousandsSeparator, value: "." }\n`,
  ),
  ...contract(
    'sheets',
    `    properties: [{ name: id, logicalType: integer, primaryKey: true }]
    customProperties: [{ property: sheet, value: Orders }]\n`,
  ),
  ...contract(
    'dated',
    `    properties: [{ name: id, logicalType: integer }]
    customProperties: [{ property: keyPattern, value: '(?P<day>\\d{8})[.]csv' }]\n`,
  ),
  ...contract(
    'places',
    `    properties:
      - { name: id, logicalType: integer, primaryKey: true }
      - { name: name, logicalType: string }
    customProperties: [{ property: qualityThreshold, value: 0.5 }]\n`,
  ),
  ...contract(
    'daily',
    `    properties:
      - { name: id, logicalType: integer, primaryKey: true }
      - { name: day, logicalType: date }
slaProperties: [{ property: freshness, element: daily.day, value: 2 }]\n`,
  ),
};

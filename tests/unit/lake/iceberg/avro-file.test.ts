import { deflateRawSync } from 'node:zlib';
import { TableDamaged } from '../../../../shared/errors.ts';
import { decodeAvro, encodeAvro } from '../../../../shared/lake/iceberg/avro-file.ts';

const schema = {
  type: 'record',
  name: 'thing',
  fields: [
    { name: 'id', type: 'long', 'field-id': 7 },
    {
      name: 'at',
      type: ['null', { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': true }],
      default: null,
      'field-id': 8,
    },
    { name: 'names', type: { type: 'array', items: 'string', 'element-id': 10 }, 'field-id': 9 },
  ],
};
const records = [
  { id: 1, at: null, names: [] },
  { id: -1, at: 1_700_000_000_000_000, names: ['Zoë', ''] },
];

const schemaOf = (file: { metadata: Record<string, string> }) =>
  JSON.parse(file.metadata['avro.schema'] ?? '');

test('records and metadata are read back, and the schema keeps Iceberg’s attributes', async () => {
  const file = await decodeAvro(
    await encodeAvro(schema, records, { schema: '{"ü":1}', 'format-version': '2' }),
  );
  expect(file.records.map((record) => ({ ...record }))).toEqual(records);
  expect(file.metadata).toMatchObject({
    schema: '{"ü":1}',
    'format-version': '2',
    'avro.codec': 'deflate',
  });
  expect(schemaOf(file)).toEqual(schema);
});

test('the same input gives the same bytes, as the specification lays them out', async () => {
  const long = { type: 'record', name: 'r', fields: [{ name: 'a', type: 'long' }] };
  const bytes = await encodeAvro(long, [{ a: 64 }], { k: 'v' });
  expect(await encodeAvro(long, [{ a: 64 }], { k: 'v' })).toEqual(bytes);
  expect(bytes.subarray(0, 4).toString('latin1')).toBe('Obj\u0001');
  // Three pairs, zigzag: 6; the key "k": length 1 is 2; the value likewise.
  expect([...bytes.subarray(4, 9)]).toEqual([6, 2, 0x6b, 2, 0x76]);
  const sync = bytes.subarray(-16);
  // One record; its bytes, deflated: 64 in zigzag is 128, as a varint 80 01.
  const data = deflateRawSync(Buffer.from([0x80, 0x01]));
  expect(bytes.subarray(-16 - data.length - 2 - 16)).toEqual(
    Buffer.concat([sync, Buffer.from([2, data.length * 2]), data, sync]),
  );
});

test('a file of no records has its header', async () => {
  const file = await decodeAvro(await encodeAvro(schema, [], { content: 'data' }));
  expect(file.records).toEqual([]);
  expect(file.metadata.content).toBe('data');
});

test('many records take many blocks and keep their order', async () => {
  const many = Array.from({ length: 20_000 }, (_, id) => ({ id, at: id, names: [`name ${id}`] }));
  const bytes = await encodeAvro(schema, many, {});
  const sync = bytes.subarray(-16);
  let blocks = -1;
  for (let at = bytes.indexOf(sync); at >= 0; at = bytes.indexOf(sync, at + 1)) blocks++;
  expect(blocks).toBeGreaterThan(3);
  expect((await decodeAvro(bytes)).records.map(({ id }) => id)).toEqual(many.map(({ id }) => id));
});

test('longs are exact to the last one', async () => {
  const longs = [2n ** 53n, -(2n ** 63n), 2n ** 63n - 1n];
  const exact = longs.map((id) => ({ id, at: id, names: [] }));
  const { records: back } = await decodeAvro(await encodeAvro(schema, exact, {}));
  expect(back.map(({ id }) => id)).toEqual(longs);
  expect(back.map(({ at }) => at)).toEqual(longs);
  const [largest] = (
    await decodeAvro(await encodeAvro(schema, [{ id: Number.MAX_SAFE_INTEGER, names: [] }], {}))
  ).records;
  expect(largest).toMatchObject({ id: Number.MAX_SAFE_INTEGER, at: null });
});

test.each([
  [{ id: 2n ** 63n, names: [] }, 'id'],
  [{ id: 2 ** 53, names: [] }, 'id'],
  [{ id: 1.5, names: [] }, 'id'],
  [{ id: 1, at: 'secret', names: [] }, 'at'],
  [{ id: 1, names: [1] }, 'names.0'],
  [{ id: 1 }, 'names'],
])(
  'a record that does not fit is rejected with its place and without its value: %#',
  async (record, path) => {
    const encoding = encodeAvro(schema, [records[0] as object, record], {});
    await expect(encoding).rejects.toThrow(TableDamaged);
    await expect(encoding).rejects.toThrow(`Record 1 does not fit the Avro schema "thing" at "${path}".`);
  },
);

test('fields are identified by their id', async () => {
  const names = new Map([
    [7, 'number'],
    [9, 'list'],
  ]);
  const { records: back } = await decodeAvro(await encodeAvro(schema, records, {}), {
    nameOf: (id) => names.get(id),
  });
  expect({ ...back[1] }).toEqual({ number: -1, at: 1_700_000_000_000_000, list: ['Zoë', ''] });
});

test('a file cut at any byte is rejected, except at the ends of blocks', async () => {
  const whole = await encodeAvro(schema, records, {});
  const header = whole.indexOf(whole.subarray(-16)) + 16;
  for (let length = 0; length < whole.length; length++) {
    if (length === header) continue; // A file without blocks is a file.
    const cut = decodeAvro(whole.subarray(0, length), { where: 's3://b/m.avro' });
    await expect(cut).rejects.toThrow(TableDamaged);
    await expect(cut).rejects.toThrow(/^s3:\/\/b\/m\.avro is not an Avro file that can be read: /);
  }
});

test('the error says what is broken', async () => {
  const whole = await encodeAvro(schema, records, {});
  const header = whole.indexOf(whole.subarray(-16)) + 16;
  const changed = (at: number, ...bytes: number[]) =>
    Buffer.from(whole).fill(Buffer.from(bytes), at, at + bytes.length);
  const refused = (bytes: Buffer) => decodeAvro(bytes).then(String, (error: Error) => error.message);
  expect(await refused(Buffer.from('PAR1'))).toContain('it does not begin as one');
  expect(await refused(changed(whole.length - 1, (whole.at(-1) ?? 0) ^ 1))).toContain('no sync marker');
  expect(await refused(changed(header, 1))).toContain('a block of negative size');
  expect(await refused(changed(header, 6))).toContain('a block of 3 records ends in record 2');
  expect(await refused(changed(header, 2))).toContain('a block has bytes left after its 1 records');
  expect(await refused(changed(header + 2, 0xff, 0xff))).toContain('invalid block type');
  expect(
    await refused(Buffer.from(whole.toString('latin1').replace('deflate', 'snappy!'), 'latin1')),
  ).toContain('codec "snappy!"');
  expect(
    await refused(Buffer.from(whole.toString('latin1').replace('"record"', '"rekord"'), 'latin1')),
  ).toContain('rekord');
});

test('an uncompressed file is read', async () => {
  const header = Buffer.from([2, 22, ...Buffer.from('avro.schema'), 12, ...Buffer.from('"long"'), 0]);
  const sync = Buffer.alloc(16, 7);
  const bytes = Buffer.concat([Buffer.from('Obj\u0001'), header, sync, Buffer.from([4, 4, 2, 4]), sync]);
  expect((await decodeAvro(bytes)).records).toEqual([1, 2]);
});

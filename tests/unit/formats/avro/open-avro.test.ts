import { crc32, zstdCompressSync } from 'node:zlib';
import { block, container, header, long, SYNC } from '../../../helpers/avro-container.ts';
import { type Opener, open, withOpener } from '../../../helpers/opened.ts';

const ORDER = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'name', type: ['null', 'string'] },
  ],
};
const orders = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ id: from + i, name: `n${from + i}` }));
const docs = (rows: unknown[][]) => rows.map(([doc]) => JSON.parse(String(doc)));

/** One record of one field, whose bytes are given. */
const field = (type: unknown, bytes: Buffer): Buffer =>
  Buffer.concat([
    header(JSON.stringify({ type: 'record', name: 'r', fields: [{ name: 'v', type }] })),
    block(1, bytes),
  ]);
const docOf = async (opener: Opener, type: unknown, bytes: Buffer): Promise<unknown> =>
  (await opener.open(field(type, bytes))).rows[0]?.[0];
const sized = (bytes: Buffer): Buffer => Buffer.concat([long(bytes.length), bytes]);

test('records of several blocks are lines of JSON, numbered from 1', async () => {
  const { source, rows, lines } = await open(container(ORDER, [orders(0, 3), [], orders(3, 1000)]));
  expect(source).toMatchObject({ format: 'avro', shape: 'documents', columns: [], records: 1000 });
  expect(docs(rows)).toEqual(orders(0, 1000));
  expect(lines).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
});

test('a block of any codec; a name of the contract in any namespace and nested type', async () => {
  await withOpener(async (opener) => {
    const schema = {
      type: 'record',
      name: 'shop.Node',
      fields: [
        { name: 'id', type: 'int' },
        { name: 'next', type: ['null', 'Node'] },
        { name: 'other', type: ['null', 'shop.Node'] },
      ],
    };
    const record = { id: 1, next: { id: 2, next: null, other: null }, other: null };
    for (const codec of ['null', 'deflate', 'zstandard']) {
      const pack = codec === 'zstandard' ? { pack: zstdCompressSync } : {};
      const { rows } = await opener.open(container(schema, [[record]], { codec, ...pack }));
      expect(docs(rows)).toEqual([record]);
    }
  });
});

test('a map that holds a key twice is seen', async () => {
  const type = { type: 'map', values: 'int' };
  const entry = Buffer.concat([long(1), Buffer.from('k'), long(7)]);
  const { source } = await open(field(type, Buffer.concat([long(2), entry, entry, long(0)])));
  expect(source.nestedRepeats).toBe(1);
  expect(
    (await open(field(type, Buffer.concat([long(1), entry, long(0)])))).source.nestedRepeats,
  ).toBeUndefined();
});

describe('values', () => {
  const int = (value: number) => long(value);
  const float = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return bytes;
  };
  const double = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return bytes;
  };
  const logical = (type: unknown, logicalType: string, more: object = {}) => ({ type, logicalType, ...more });
  const decimal = (scale: number) => logical('bytes', 'decimal', { precision: 40, scale });
  const fixed = (size: number) => ({ type: 'fixed', name: 'f', size });
  const longest = Buffer.from('ffffffffffffffffff01', 'hex');
  const cases: [unknown, Buffer, string][] = [
    ['long', longest, '-9223372036854775808'],
    ['long', Buffer.from('feffffffffffffff7f', 'hex'), '4611686018427387903'],
    ['long', Buffer.from('82808080808080808001', 'hex'), '4611686018427387905'],
    ['int', int(-1), '-1'],
    ['boolean', Buffer.from([1]), 'true'],
    ['null', Buffer.from([]), 'damaged'],
    ['float', float(0.1), '0.1'],
    ['float', float(16777216), '16777216'],
    ['float', float(Math.fround(1.17549435e-38)), '1.1754944e-38'],
    ['float', float(-0), '-0.0'],
    ['double', double(0.1), '0.1'],
    ['double', double(12), '12'],
    ['double', double(1e300), '1e+300'],
    ['double', double(Number.NaN), 'NaN'],
    ['double', double(Number.NEGATIVE_INFINITY), '-Infinity'],
    ['string', sized(Buffer.from('Zoë "x"\n\0\u2028')), '"Zoë \\"x\\"\\n\\u0000\u2028"'],
    ['bytes', sized(Buffer.from('Zoë')), '"Zoë"'],
    ['bytes', sized(Buffer.from('a\\"\u00ff', 'latin1')), '"a\\\\x5C\\\\x22\\\\xFF"'],
    ['string', sized(Buffer.from([0xc3])), '"\\\\xC3"'],
    [fixed(2), Buffer.from('ab'), '"ab"'],
    [{ type: 'enum', name: 'e', symbols: ['A', 'B'] }, int(1), '"B"'],
    [
      { type: 'array', items: 'int' },
      Buffer.concat([long(-2), long(2), int(1), int(2), long(1), int(3), long(0)]),
      '[1,2,3]',
    ],
    [
      { type: 'map', values: ['null', 'int'] },
      Buffer.concat([long(1), sized(Buffer.from('k"')), long(1), int(7), long(0)]),
      '{"k\\"":7}',
    ],
    [decimal(2), sized(Buffer.from([0xff])), '"-0.01"'],
    [decimal(0), sized(Buffer.from([])), '"0"'],
    [
      decimal(3),
      sized(Buffer.from('7fffffffffffffffffffffffffffffffff', 'hex')),
      '"43556142965880123323311949751266331066.367"',
    ],
    [logical(fixed(2), 'decimal', { precision: 4, scale: 1 }), Buffer.from([0x01, 0x00]), '"25.6"'],
    [logical('int', 'date'), int(19782), '"2024-02-29"'],
    [logical('int', 'date'), int(2147483647), '"2147483647"'],
    [logical('int', 'date'), int(-719529), '"-000001-12-31"'],
    [logical('int', 'time-millis'), int(1), '"00:00:00.001"'],
    [logical('int', 'time-millis'), int(86_400_000), '"86400000"'],
    [logical('long', 'time-micros'), int(86_399_999_999), '"23:59:59.999999"'],
    [logical('long', 'timestamp-millis'), int(-1), '"1969-12-31T23:59:59.999Z"'],
    [logical('long', 'timestamp-micros'), int(-1), '"1969-12-31T23:59:59.999999Z"'],
    [logical('long', 'timestamp-nanos'), int(1), '"1970-01-01T00:00:00.000000001Z"'],
    [logical('long', 'timestamp-micros'), longest, '"-9223372036854775808"'],
    [logical('long', 'local-timestamp-micros'), int(0), '"1970-01-01T00:00:00"'],
    [logical('string', 'uuid'), sized(Buffer.from('x')), '"x"'],
    [logical(fixed(16), 'uuid'), Buffer.alloc(16, 0xab), '"abababab-abab-abab-abab-abababababab"'],
    [logical(fixed(12), 'duration'), Buffer.from('010000000200000005000000', 'hex'), '"P1M2DT0.005S"'],
    [logical('string', 'date'), sized(Buffer.from('x')), '"x"'],
    [logical(fixed(3), 'uuid'), Buffer.from('abc'), '"abc"'],
  ];

  test('each type has one text, and a logical type that its type cannot carry means nothing', async () => {
    await withOpener(async (opener) => {
      for (const [type, bytes, expected] of cases) {
        if (expected === 'damaged') await expect(docOf(opener, type, bytes)).rejects.toThrow('take no bytes');
        else expect(await docOf(opener, type, bytes)).toBe(`{"v":${expected}}`);
      }
    });
  });

  test('a timestamp at midnight is a date where the contract has one', async () => {
    await withOpener(async (opener) => {
      const expected = [{ sourceName: 'V', name: 'day', logicalType: 'date' as const }];
      const type = logical('long', 'timestamp-millis');
      const day = await opener.open(field(type, int(86_400_000)), { expected });
      const later = await opener.open(field(type, int(86_400_001)), { expected });
      expect([day, later].map(({ rows }) => rows[0]?.[0])).toEqual([
        '{"v":"1970-01-02"}',
        '{"v":"1970-01-02T00:00:00.001Z"}',
      ]);
    });
  });

  test('a column of the contract that is no UTF-8 rejects its record', async () => {
    const expected = [{ sourceName: 'v', logicalType: 'string' as const }];
    const { source, malformed } = await open(field('string', sized(Buffer.from([0x61, 0xff]))), { expected });
    expect(source).toMatchObject({ records: 0 });
    expect(malformed).toMatchObject([{ line: 1, row: 0, raw: '{"v":"a\ufffd"}', rule: 'encoding' }]);
  });
});

describe('damage', () => {
  const sound = container(ORDER, [orders(0, 50), orders(50, 100)]);
  const refused = async (bytes: Buffer, message: string | RegExp): Promise<void> => {
    await expect(open(bytes)).rejects.toMatchObject({
      name: 'UnreadableFile',
      message: expect.stringMatching(message),
    });
  };

  test.each([
    ['its last block is cut off', sound.subarray(0, -1)],
    ['its header is no Avro header, or cut off', sound.subarray(0, 60)],
    ['a block does not end with the sync marker', Buffer.concat([sound.subarray(0, -16), Buffer.alloc(16)])],
    ['a block cannot be unpacked', container(ORDER, [orders(0, 9)], { pack: (data) => data })],
    [
      'a value ends after its block',
      Buffer.concat([header(JSON.stringify(ORDER)), block(2, Buffer.from([2, 0, 2]))]),
    ],
    ['bytes left', Buffer.concat([header(JSON.stringify(ORDER)), block(1, Buffer.from([2, 0, 2]))])],
    ['negative size', Buffer.concat([header(JSON.stringify(ORDER)), long(-1), long(1), Buffer.alloc(40)])],
    [
      'a count is beyond',
      Buffer.concat([header(JSON.stringify(ORDER)), Buffer.alloc(9, 0xff), Buffer.alloc(40, 1)]),
    ],
    ['longer than 64 bits', Buffer.concat([header(JSON.stringify(ORDER)), Buffer.alloc(40, 0xff)])],
    ['a type that its union has not', field(['null', 'int'], long(2))],
    ['none of its enum', field({ type: 'enum', name: 'e', symbols: ['A'] }, long(1))],
    ['neither true nor false', field('boolean', Buffer.from([2]))],
    ['ends after its block', field('string', Buffer.concat([long(-5), Buffer.from('abc')]))],
    [
      'too many values that take no bytes',
      field({ type: 'array', items: 'null' }, Buffer.concat([long(2 ** 50), long(0)])),
    ],
  ])('%s', (message, bytes) => refused(bytes, `^The Avro file is damaged: .*${message}`));

  test('a schema that doubles itself without end, and one that holds itself', async () => {
    const doubling = Array.from({ length: 40 }, (_, i) => i).reduceRight<unknown>(
      (of, i) => ({
        type: 'record',
        name: `r${i}`,
        fields: [
          { name: 'a', type: of },
          { name: 'b', type: i === 39 ? of : `r${i + 1}` },
        ],
      }),
      'null',
    );
    await refused(Buffer.concat([header(JSON.stringify(doubling)), block(1, Buffer.from([0]))]), 'no bytes');
    const own = { type: 'record', name: 'r', fields: [{ name: 'v', type: 'r' }] };
    await refused(
      Buffer.concat([header(JSON.stringify(own)), block(1, Buffer.from([0]))]),
      'nested more than',
    );
  });

  test.each([
    ['is no JSON', '{'],
    ['holds a type that is none', '{"type": "array"}'],
    ['names a type that it does not define', '"order"'],
    ['holds a record without fields', '{"type": "record", "name": "r"}'],
    ['holds a field without a name', '{"type": "record", "name": "r", "fields": [{"type": "int"}]}'],
    ['holds a field twice', JSON.stringify({ ...ORDER, fields: [...ORDER.fields, ...ORDER.fields] })],
    ['holds a type without a name', '{"type": "fixed", "size": 2}'],
    ['holds a fixed type without a size', '{"type": "fixed", "name": "f", "size": -1}'],
    ['holds an enum without symbols', '{"type": "enum", "name": "e", "symbols": [1]}'],
    [
      'defines a type twice',
      '[{"type": "fixed", "name": "f", "size": 2}, {"type": "fixed", "name": "f", "size": 2}]',
    ],
    ['holds a decimal whose scale', '{"type": "bytes", "logicalType": "decimal", "scale": 1e9}'],
    ['is nested too deeply', `${'['.repeat(300)}"int"${']'.repeat(300)}`],
  ])('a schema that %s', (reason, schemaText) =>
    refused(Buffer.concat([header(schemaText), block(1, long(1))]), `^The schema of the Avro file ${reason}`),
  );

  test('a codec that is not read is named', () =>
    refused(
      container(ORDER, [orders(0, 1)], { codec: 'bzip2' }),
      'codec "bzip2"; null, deflate, snappy, zstandard are read',
    ));

  test('a block larger than is read, as stated and once unpacked', async () => {
    const huge = Buffer.concat([header(JSON.stringify(ORDER)), long(1), long(2 ** 40), Buffer.alloc(40)]);
    await refused(huge, 'more than 67108864 bytes');
    await refused(
      container(ORDER, [orders(0, 1)], {
        pack: () => zstdCompressSync(Buffer.alloc(2 ** 26 + 1)),
        codec: 'zstandard',
      }),
      'more than 67108864 bytes',
    );
  });

  test('no records', async () => {
    for (const blocks of [[], [[]]])
      await expect(open(container(ORDER, blocks))).rejects.toMatchObject({ name: 'EmptyFile' });
  });

  test('more text than a file may unpack to', async () => {
    await expect(open(sound, { maxUnpackedBytes: 2000 })).rejects.toMatchObject({
      name: 'DecompressionLimit',
    });
    await expect(
      open(container(ORDER, [[{ id: 1, name: 'x'.repeat(3000) }]]), { maxUnpackedBytes: 2000 }),
    ).rejects.toMatchObject({ name: 'DecompressionLimit' });
  });

  test('fields that are one column', async () => {
    const schema = { ...ORDER, fields: [...ORDER.fields, { name: 'ID', type: 'int' }] };
    const bytes = container(schema, [[{ id: 1, name: 'x', ID: 1 }]]);
    await expect(
      open(bytes, { expected: [{ sourceName: 'Id', logicalType: 'integer' }] }),
    ).rejects.toMatchObject({
      name: 'ContractMismatch',
      message: expect.stringContaining('"id", "ID"'),
    });
    expect(
      (await open(bytes, { expected: [{ sourceName: 'name', logicalType: 'string' }] })).rows,
    ).toHaveLength(1);
  });
});

test('a record that is longer than a record may be is set aside, and the next is read', async () => {
  const long = { id: 2, name: 'x'.repeat(100_000) };
  const { rows, malformed } = await open(container(ORDER, [[...orders(0, 1), long, ...orders(3, 4)]]), {
    maxRecordBytes: 70_000,
  });
  expect(docs(rows)).toEqual([...orders(0, 1), ...orders(3, 4)]);
  expect(malformed).toMatchObject([{ line: 2, row: 1, rule: 'length' }]);
  expect(malformed[0]?.raw).toHaveLength(65_536);
});

describe('snappy', () => {
  const snapped = (stream: Buffer, data: Buffer): Buffer => {
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(data));
    return Buffer.concat([stream, checksum]);
  };
  const file = (stream: Buffer, data: Buffer): Buffer =>
    Buffer.concat([header(JSON.stringify(ORDER), 'snappy'), block(1, snapped(stream, data))]);
  // A record of id 1 and a name of eight bytes.
  const record = Buffer.from([2, 2, 16, ...Buffer.from('abababab')]);

  test('literals and copies, also ones that overlap', async () => {
    const stream = Buffer.from([11, 4 << 2, 2, 2, 16, 0x61, 0x62, (2 << 2) | 1, 2]);
    const overlapping = file(stream, record);
    expect(docs((await open(overlapping)).rows)).toEqual([{ id: 1, name: 'abababab' }]);
    const wide = Buffer.from([11, 60 << 2, 4, 2, 2, 16, 0x61, 0x62, (5 << 2) | 2, 2, 0]);
    expect(docs((await open(file(wide, record))).rows)).toEqual([{ id: 1, name: 'abababab' }]);
  });

  test.each([
    ['a block does not match its checksum', [11, 10 << 2, ...record], Buffer.from('other')],
    ['a copy from before the beginning', [11, 0, 2, (6 << 2) | 1, 9], record],
    ['a copy from nowhere', [11, 0, 2, (6 << 2) | 1, 0], record],
    ['a literal beyond the end', [11, 20 << 2, ...record], record],
    ['more than the length', [3, 10 << 2, ...record], record],
    ['less than the length', [20, 10 << 2, ...record], record],
    ['a length that does not end', [255, 255, 255, 255, 255, 255], record],
    ['a tag that is cut off', [11, 10 << 2, ...record, 2], record],
  ])('%s', async (_, stream, data) => {
    await expect(open(file(Buffer.from(stream), data))).rejects.toMatchObject({
      name: 'UnreadableFile',
      message: expect.stringMatching(/checksum|cannot be unpacked/),
    });
  });

  test('a length beyond what is read', async () => {
    const claim = Buffer.from([255, 255, 255, 255, 15]);
    await expect(open(file(claim, record))).rejects.toThrow('more than 67108864 bytes');
    await expect(
      open(Buffer.concat([header(JSON.stringify(ORDER), 'snappy'), long(1), long(2), Buffer.alloc(2), SYNC])),
    ).rejects.toThrow('cannot be unpacked');
  });
});

import type { ExpectedColumn } from '../../../../shared/formats/open-source.ts';
import { open, withOpener } from '../../../helpers/opened.ts';
import { sheetRow, workbook, workbookParts, zip } from '../../../helpers/zip.ts';

const HEADER = sheetRow('id', 'name');
const column = (sourceName: string, logicalType: ExpectedColumn['logicalType'] = 'string') => ({
  sourceName,
  logicalType,
});
const ORDERS = [column('id', 'integer'), column('name')];

describe('rows', () => {
  test('empty rows are passed over and short ones filled; each has the number that Excel shows', async () => {
    const { source, rows, lines, malformed } = await open(
      workbook({
        S: `<row r="2">${'<c r="A2" t="inlineStr"><is><t>id</t></is></c><c r="C2" t="inlineStr"><is><t> name </t></is></c>'}</row>
          <row r="4"><c r="A4"><v>1</v></c></row><row r="5"/><row r="6"><c r="B6" s="1"/></row>
          <row r="9"><c r="C9" t="str"><v>x"y
z</v></c></row><row><c><v>3</v></c><c/><c/><c><v>4</v></c></row>`,
      }),
    );
    expect(source).toMatchObject({
      format: 'xlsx',
      shape: 'columns',
      header: true,
      columns: ['id', '', 'name'],
    });
    expect(rows).toEqual([
      ['1', null, null],
      [null, null, 'x"y\nz'],
    ]);
    expect(lines).toEqual([4, 9]);
    expect(malformed).toEqual([
      {
        line: 10,
        row: 2,
        raw: '"3",,,"4"',
        rule: 'columns',
        message: 'Cell D10 holds a value, and the 3 columns of the sheet end before it',
      },
    ]);
  });

  test('without a header, the columns are the contract’s', async () => {
    const { source, rows, lines } = await open(workbook({ S: sheetRow('<c><v>1</v></c>', 'Ada') }), {
      expected: ORDERS,
    });
    expect(source).toMatchObject({ header: false, columns: ['id', 'name'], records: 1 });
    expect([rows, lines]).toEqual([[['1', 'Ada']], [1]]);
  });

  test('skipLines and header', async () => {
    const bytes = workbook({ S: sheetRow('Orders of March') + HEADER + sheetRow('<c><v>1</v></c>', 'Ada') });
    const { rows, lines } = await open(bytes, { expected: ORDERS, reading: { skipLines: 1 } });
    expect([rows, lines]).toEqual([[['1', 'Ada']], [3]]);
    const all = await open(bytes, { expected: ORDERS, reading: { header: false } });
    expect(all.rows.map(([id]) => id)).toEqual(['Orders of March', 'id', '1']);
    await expect(open(bytes, { expected: ORDERS })).rejects.toMatchObject({
      name: 'ContractMismatch',
      message: expect.stringMatching(/Line 1 was read as the header.*Line 2 has the contract's names/),
    });
  });

  test('rows that are too long are set aside', async () => {
    const long = sheetRow('<c><v>2</v></c>', 'y'.repeat(70_000), 'z'.repeat(70_000));
    const { rows, malformed } = await open(
      workbook({ S: HEADER + sheetRow('<c><v>1</v></c>', 'a') + long }),
      { maxRecordBytes: 65_536 },
    );
    expect(rows).toEqual([['1', 'a']]);
    expect(malformed).toMatchObject([{ line: 3, rule: 'length' }]);
  });

  test.each([
    ['The sheet holds no rows', ''],
    ['The sheet holds no rows', '<row r="3"><c r="A3" s="1"/></row>'],
    ['a header and no rows', HEADER],
  ])('%s (%#)', async (message, rows) => {
    await expect(open(workbook({ S: rows }))).rejects.toMatchObject({
      name: 'EmptyFile',
      message: expect.stringContaining(message),
    });
  });
});

describe('the sheet', () => {
  const sheets = workbook(
    {
      Notes: sheetRow('secret'),
      Orders: HEADER + sheetRow('1', 'Ada'),
      'März ': HEADER + sheetRow('2', 'Bo'),
    },
    { states: { Notes: 'state="hidden"' } },
  );

  test('is the first that is not hidden, or the one of the contract, in any case', async () => {
    expect((await open(sheets)).rows).toEqual([['1', 'Ada']]);
    expect((await open(sheets, { reading: { sheet: 'MÄRZ' } })).rows).toEqual([['2', 'Bo']]);
    const hidden = workbook(
      { Only: HEADER + sheetRow('3', 'Cy') },
      { states: { Only: 'state="veryHidden"' } },
    );
    expect((await open(hidden)).rows).toEqual([['3', 'Cy']]);
  });

  test('that is missing rejects the file, and the message lists those that are there', async () => {
    await expect(open(sheets, { reading: { sheet: 'April' } })).rejects.toMatchObject({
      name: 'ContractMismatch',
      message: expect.stringMatching(/no sheet "April".* It has "Notes", "Orders", "März "\./),
    });
  });
});

describe('values', () => {
  const FORMATS = [
    ...[
      'yyyy-mm-dd',
      'dd/mm/yyyy hh:mm:ss',
      '[h]:mm:ss',
      'h:mm AM/PM',
      '[$-409]mmm\\ yy',
      '0.00 "days"',
      '[Red]0.0',
      'General',
      'mm:ss',
    ],
  ];
  /** The text of a cell of the attributes and content. */
  const texts = async (cells: readonly string[], properties = ''): Promise<unknown[]> => {
    const sharedStrings = [
      '<si><t>plain</t></si>',
      '<si><r><t>rich </t></r><r><rPr><b/></rPr><t xml:space="preserve"> text </t></r><rPh sb="0" eb="1"><t>kana</t></rPh><phoneticPr/></si>',
      '<si><t> blanks </t></si><si><t xml:space="preserve"> kept </t></si>',
      '<si><t>a_x000D_&#10;b_x005F_x0041_ _x0000_ &amp; &#x1F600;</t></si><si/>',
    ].join('');
    const rows = ['<c t="inlineStr"><is><t>v</t></is></c>', ...cells]
      .map((cell) => `<row>${cell}<c t="str"><v>.</v></c></row>`)
      .join('');
    const { rows: read } = await open(
      workbook({ S: rows }, { sharedStrings, formats: FORMATS, properties }),
      { reading: { header: true } },
    );
    return read.map(([text]) => text);
  };
  const styled = (value: string | number, style: number) => `<c s="${style}"><v>${value}</v></c>`;

  test('texts: shared, rich, without phonetic hints, with escapes; blanks where they are kept', async () => {
    const cells = [0, 1, 2, 3, 4, 5].map((i) => `<c t="s"><v>${i}</v></c>`);
    expect(await texts(cells)).toEqual([
      ...['plain', 'rich text ', 'blanks', ' kept ', 'a\r\nb_x0041_ _x0000_ & 😀', null],
    ]);
  });

  test('numbers as the shortest text of the double; whole ones as they are written', async () => {
    const numbers = [
      '0.1',
      '0.10000000000000001',
      '1E3',
      '-2.50',
      '12345678901234567',
      '1.2345678901234567E+16',
      '1E-7',
      'x',
      ' 7 ',
    ];
    expect(await texts(numbers.map((number) => `<c><v>${number}</v></c>`))).toEqual([
      ...['0.1', '0.1', '1000', '-2.5', '12345678901234567', '12345678901234568', '1e-7', 'x', '7'],
    ]);
    expect(
      await texts([
        '<c t="b"><v>1</v></c>',
        '<c t="b"><v>0</v></c>',
        '<c t="d"><v>2024-01-01T00:00:00</v></c>',
        '<c t="str"><f>A1</f><v>_x0041_</v></c>',
      ]),
    ).toEqual([...['true', 'false', '2024-01-01', 'A']]);
  });

  test('dates and times by the format of the cell', async () => {
    expect(
      await texts([
        ...[styled(45292, 1), styled(45292.75, 1), styled(45292, 2), styled(45292.000011574, 2)],
        ...[styled(1.5, 3), styled(0.75, 3), styled(0.75, 4), styled(1.75, 4), styled(45292, 5)],
        ...[styled(45292, 6), styled(45292, 7), styled(45292, 8), styled(0.5, 9), styled(45292, 99)],
      ]),
    ).toEqual([
      ...['2024-01-01', '2024-01-01 18:00:00', '2024-01-01', '2024-01-01 00:00:01'],
      ...['36:00:00', '18:00:00', '18:00:00', '1900-01-01 18:00:00', '2024-01-01'],
      ...['45292', '45292', '45292', '12:00:00', '45292'],
    ]);
  });

  test('the first days of 1900, which Excel counts wrong, and numbers that are no days', async () => {
    const serials = [0, 1, 59, 60, 61, 2958465, 2958466, -1];
    expect(await texts(serials.map((serial) => styled(serial, 1)))).toEqual([
      ...[
        '1900-01-00',
        '1900-01-01',
        '1900-02-28',
        '1900-02-29',
        '1900-03-01',
        '9999-12-31',
        '2958466',
        '-1',
      ],
    ]);
    expect(
      await texts(
        [0, 43830, 2957003, 2957004].map((serial) => styled(serial, 1)),
        'date1904="1"',
      ),
    ).toEqual([...['1904-01-01', '2024-01-01', '9999-12-31', '2957004']]);
  });

  test('errors reject their row in columns of texts, unless they mean "no value"; in others, Validate judges them', async () => {
    const na = '<c t="e"><v>#N/A</v></c>';
    const bytes = workbook({
      S:
        HEADER +
        sheetRow('<c><v>1</v></c>', na) +
        sheetRow(na, 'x') +
        sheetRow('<c><f>A1</f></c>', 'y') +
        sheetRow('<c><v>4</v></c>', '<c><f>A1</f><v/></c>'),
    });
    const { rows, malformed } = await open(bytes, { expected: ORDERS });
    expect(rows).toEqual([['#N/A', 'x']]);
    expect(malformed.map(({ line, rule, message }) => ({ line, rule, message }))).toEqual([
      { line: 2, rule: 'type', message: 'Cell B2 holds the error #N/A' },
      ...['A4', 'B5'].map((cell, i) => ({
        line: 4 + i,
        rule: 'type',
        message: `Cell ${cell} holds a formula whose result is not stored: open the workbook in Excel and save it`,
      })),
    ]);
    const missing = [column('id', 'integer'), { ...column('name'), missingValues: ['#N/A'] }];
    expect((await open(bytes, { expected: missing })).rows).toEqual([
      ['1', '#N/A'],
      ['#N/A', 'x'],
    ]);
    expect((await open(bytes, { expected: [column('id', 'integer')] })).rows).toHaveLength(3);
  });

  test('many long texts are read from a file', async () => {
    const long = 'é'.repeat(4_000_000);
    const sharedStrings = ['a', 'b', 'c', 'd', 'e']
      .map((letter) => `<si><t>${letter}${long}</t></si>`)
      .join('');
    const rows = [0, 3, 4, 3]
      .map((i) => `<row><c t="inlineStr"><is><t>${i}</t></is></c><c t="s"><v>${i}</v></c></row>`)
      .join('');
    const { rows: read } = await open(workbook({ S: HEADER + rows }, { sharedStrings }));
    expect(read.map(([, text]) => [String(text).slice(0, 2), String(text).length])).toEqual([
      ...[
        ['aé', 4_000_001],
        ['dé', 4_000_001],
        ['eé', 4_000_001],
        ['dé', 4_000_001],
      ],
    ]);
  });
});

describe('damage', () => {
  const parts = workbookParts({ S: HEADER + sheetRow('1', 'Ada') }, { sharedStrings: '<si><t>x</t></si>' });
  const sheet = 'xl/worksheets/s0.xml';
  const without = (name: string) =>
    Object.fromEntries(Object.entries(parts).filter(([each]) => each !== name));
  const refused = async (bytes: Buffer, message: string): Promise<void> => {
    await expect(open(bytes)).rejects.toMatchObject({
      name: 'UnreadableFile',
      message: expect.stringMatching(message),
    });
  };
  const rowsOf = (rows: string) =>
    zip({ ...parts, [sheet]: `<worksheet><sheetData>${rows}</sheetData></worksheet>` });

  test.each([
    ['its ZIP archive cannot be read', zip(parts).subarray(0, -30)],
    ['its ZIP archive cannot be read', zip(parts, { [sheet]: { size: 3 } })],
    ['its ZIP archive cannot be read', zip(parts, { [sheet]: { method: 99 } })],
    ['a part does not match its checksum', zip(parts, { [sheet]: { crc: 1 } })],
    ['the list of its parts is missing', zip(without('xl/_rels/workbook.xml.rels'))],
    ['a part that the workbook names is missing', zip(without(sheet))],
    ['it names no workbook', zip({ ...parts, '_rels/.rels': '<Relationships/>' })],
    ['it has no sheet of cells', zip({ ...parts, 'xl/workbook.xml': '<workbook><sheets/></workbook>' })],
    ['not well-formed XML', zip({ ...parts, [sheet]: '<worksheet><sheetData>' })],
    ['not well-formed XML', zip({ ...parts, [sheet]: '' })],
    ['not valid UTF-8', zip({ ...parts, [sheet]: Buffer.from('<worksheet>\xff</worksheet>', 'latin1') })],
    [
      'has a DOCTYPE',
      zip({ ...parts, [sheet]: '<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>' }),
    ],
    [
      'more than 67108864 bytes',
      zip({ ...parts, [sheet]: `<worksheet><sheetData a="${'a'.repeat(2 ** 26 + 2 ** 20)}"/></worksheet>` }),
    ],
    ['out of order', rowsOf('<row r="2"/><row r="2"/>')],
    ['out of order', rowsOf('<row r="x"/>')],
    ['out of order', rowsOf('<row><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>')],
    ['beyond column XFD', rowsOf('<row><c r="ZZZ1"><v>1</v></c></row>')],
    ['a text that does not exist', rowsOf('<row><c t="s"><v>1</v></c></row>')],
    ['a text that does not exist', rowsOf('<row><c t="s"><v>-1</v></c></row>')],
  ])('%s (%#)', (message, bytes) =>
    refused(bytes, `^The file is a damaged workbook or ZIP archive: .*${message}`),
  );

  test('parts that unpack to more than a file may', async () => {
    const bomb = rowsOf(sheetRow('x'.repeat(5_000_000)));
    await expect(open(bomb, { maxUnpackedBytes: 1_000_000 })).rejects.toMatchObject({
      name: 'DecompressionLimit',
    });
  });

  test.each([
    ['a ZIP archive with a password', zip({ 'a.csv': 'id\n1\n' }, { 'a.csv': { flags: 1 } })],
    ['a binary Excel workbook (.xlsb)', zip({ '_rels/.rels': '', 'xl/workbook.bin': '' })],
    [
      'an OpenDocument spreadsheet (.ods)',
      zip({ mimetype: 'application/vnd.oasis.opendocument.spreadsheet', 'content.xml': '' }),
    ],
    ['a Numbers spreadsheet', zip({ 'Index/Document.iwa': '' })],
    ['a Word or PowerPoint document', zip({ '_rels/.rels': '', 'word/document.xml': '' })],
    ['a ZIP archive', zip({ 'orders/orders.csv': 'id\n1\n' })],
    ['a ZIP archive', zip({})],
  ])('%s is named (%#)', async (name, bytes) => {
    await expect(open(bytes)).rejects.toMatchObject({
      name: 'UnreadableFile',
      message: expect.stringContaining(`The file looks like ${name}: `),
    });
  });
});

test('a workbook in UTF-16, and elements with prefixes', async () => {
  await withOpener(async ({ open: openWith }) => {
    const parts = workbookParts({ S: HEADER + sheetRow('1', 'Zoë') });
    const sheet = parts['xl/worksheets/s0.xml'] ?? '';
    const prefixed = sheet
      .replaceAll(/<(\/?)(?=[a-z])/g, '<$1x:')
      .replace('<x:worksheet', '<x:worksheet xmlns:x="u"');
    for (const bytes of [Buffer.from(`\ufeff${sheet}`, 'utf16le'), Buffer.from(prefixed)])
      expect((await openWith(zip({ ...parts, 'xl/worksheets/s0.xml': bytes }))).rows).toEqual([['1', 'Zoë']]);
  });
});

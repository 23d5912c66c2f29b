import { crc32, deflateRawSync } from 'node:zlib';

/** Changes of a part's headers. */
export interface PartHeader {
  crc?: number;
  flags?: number;
  method?: number;
  size?: number;
}

const header = (
  bytes: number,
  fields: readonly (readonly [offset: number, size: 2 | 4, value: number])[],
): Buffer => {
  const buffer = Buffer.alloc(bytes);
  for (const [offset, size, value] of fields) buffer.writeUIntLE(value, offset, size);
  return buffer;
};

/** A ZIP archive of compressed parts, whose headers state what `changed` says for a part's name. */
export const zip = (
  parts: Readonly<Record<string, string | Buffer>>,
  changed: Readonly<Record<string, PartHeader>> = {},
): Buffer => {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(parts)) {
    const data = Buffer.from(content);
    const packed = deflateRawSync(data);
    const { crc = crc32(data), flags = 0, method = 8, size = data.length } = changed[name] ?? {};
    const path = Buffer.from(name);
    const common = (at: number) =>
      [
        [at, 2, flags],
        [at + 2, 2, method],
        [at + 8, 4, crc],
        [at + 12, 4, packed.length],
        [at + 16, 4, size],
        [at + 20, 2, path.length],
      ] as const;
    const local = Buffer.concat([header(30, [[0, 4, 0x04034b50], [4, 2, 20], ...common(6)]), path, packed]);
    entries.push(
      Buffer.concat([
        header(46, [[0, 4, 0x02014b50], [4, 2, 20], [6, 2, 20], ...common(8), [42, 4, offset]]),
        path,
      ]),
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = header(22, [
    [0, 4, 0x06054b50],
    [8, 2, entries.length],
    [10, 2, entries.length],
    [12, 4, directory.length],
    [16, 4, offset],
  ]);
  return Buffer.concat([...locals, directory, end]);
};

const REL = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

const relations = (targets: Readonly<Record<string, readonly [kind: string, target: string]>>): string =>
  `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${Object.entries(
    targets,
  )
    .map(([id, [kind, target]]) => `<Relationship Id="${id}" Type="${REL}/${kind}" Target="${target}"/>`)
    .join('')}</Relationships>`;

/** The parts of a workbook besides its sheets. */
export interface WorkbookParts {
  sharedStrings?: string;
  /** The codes of number formats, which are the styles 1, 2, … */
  formats?: readonly string[];
  /** Attributes of `workbookPr`. */
  properties?: string;
  /** Attributes of the sheets, by name. */
  states?: Readonly<Record<string, string>>;
}

/** The parts of a workbook, by sheet the content of its `sheetData`. */
export const workbookParts = (
  sheets: Readonly<Record<string, string>>,
  { sharedStrings, formats = [], properties = '', states = {} }: WorkbookParts = {},
): Record<string, string> => {
  const names = Object.keys(sheets);
  return {
    '[Content_Types].xml': '<Types/>',
    '_rels/.rels': relations({ r1: ['officeDocument', 'xl/workbook.xml'] }),
    'xl/workbook.xml': `<workbook xmlns:r="${REL}"><workbookPr ${properties}/><sheets>${names
      .map((name, i) => `<sheet name="${name}" sheetId="${i + 1}" r:id="s${i}" ${states[name] ?? ''}/>`)
      .join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations({
      ...Object.fromEntries(names.map((_, i) => [`s${i}`, ['worksheet', `worksheets/s${i}.xml`] as const])),
      styles: ['styles', '/xl/styles.xml'],
      ...(sharedStrings !== undefined && { texts: ['sharedStrings', 'sharedStrings.xml'] as const }),
    }),
    'xl/styles.xml': `<styleSheet><numFmts>${formats
      .map((code, i) => `<numFmt numFmtId="${200 + i}" formatCode="${code.replaceAll('"', '&quot;')}"/>`)
      .join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>${formats
      .map((_, i) => `<xf numFmtId="${200 + i}"/>`)
      .join('')}</cellXfs></styleSheet>`,
    ...(sharedStrings !== undefined && { 'xl/sharedStrings.xml': `<sst>${sharedStrings}</sst>` }),
    ...Object.fromEntries(
      Object.values(sheets).map((rows, i) => [
        `xl/worksheets/s${i}.xml`,
        `<?xml version="1.0"?><worksheet><sheetData>${rows}</sheetData></worksheet>`,
      ]),
    ),
  };
};

export const workbook = (sheets: Readonly<Record<string, string>>, parts: WorkbookParts = {}): Buffer =>
  zip(workbookParts(sheets, parts));

/** A row of inline texts; cells that begin with `<` are XML. */
export const sheetRow = (...cells: readonly string[]): string =>
  `<row>${cells.map((cell) => (cell.startsWith('<') ? cell : `<c t="inlineStr"><is><t>${cell}</t></is></c>`)).join('')}</row>`;

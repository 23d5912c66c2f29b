import { AVRO } from './avro/open-avro.ts';
import { COMPRESSIONS } from './bytes/compressions.ts';
import { CSV } from './csv/open-csv.ts';
import { JSON_DOCUMENTS } from './json/open-json.ts';
import { NDJSON } from './json/open-ndjson.ts';
import { PARQUET } from './parquet/open-parquet.ts';
import type { Format } from './records/format.ts';
import { XLSX } from './xlsx/open-xlsx.ts';

/**
 * All input formats. Detection, openers, help texts and the table in docs/datasets.md come from this list.
 * Binary formats are tried before formats of text, and the first that recognises a file opens it. So a format comes
 * before every other that would recognise its files too; CSV, which recognises any text, is the last.
 */
export const FORMATS = [
  AVRO,
  XLSX,
  PARQUET,
  NDJSON,
  JSON_DOCUMENTS,
  CSV,
] as const satisfies readonly Format[];

export type FormatName = (typeof FORMATS)[number]['name'];

const listed = (names: readonly string[], conjunction: string): string =>
  `${names.slice(0, -1).join(', ')} ${conjunction} ${names.at(-1)}`;

/** In the reverse order, people read the most common formats first. */
const TITLES = FORMATS.toReversed().flatMap(({ titles }) => titles);
const COMPRESSION_NAMES = COMPRESSIONS.map(({ name }) => name);

/** Describes the file argument of a command. */
export const FORMATS_HELP = `${listed(TITLES, 'or')}; ${listed(['plain', ...COMPRESSION_NAMES], 'or')}`;

/** The sentence that ends a message about a file in an unknown format. */
export const FORMATS_READ = `${listed(TITLES, 'and')} are read, plain or as ${listed(COMPRESSION_NAMES, 'or')}.`;

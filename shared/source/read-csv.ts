import { literal } from '../duckdb/sql.ts';

/** DuckDB's own defaults: smaller buffers gain nothing. */
const MAX_LINE_SIZE = 2 * 1024 * 1024;
const BUFFER_SIZE = 32 * 1024 * 1024;

export interface CsvReading {
  path: string;
  columns: readonly string[];
  /** One character; quote may be empty. */
  delimiter: string;
  quote: string;
  /** Whether the first line is to be passed over. */
  header: boolean;
  /** Bytes of the longest record. */
  longest: number;
  multiline: boolean;
}

/** A strict reading of a file that `scanRecords` found well-formed. Nothing is left to be guessed. */
export function readCsv({ path, columns, delimiter, quote, header, longest, multiline }: CsvReading): string {
  const maxLine = Math.max(MAX_LINE_SIZE, longest + 16);
  const types = columns.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ');
  const options = [
    `columns = {${types}}`,
    'auto_detect = false',
    `header = ${header}`,
    `delim = ${literal(delimiter)}`,
    `quote = ${literal(quote)}`,
    `escape = ${literal(quote)}`,
    "comment = ''",
    'strict_mode = true',
    'null_padding = false',
    'ignore_errors = false',
    "compression = 'none'",
    'hive_partitioning = false',
    // Threads that begin in the middle of the file take a newline within quotes for the end of a record.
    `parallel = ${!multiline}`,
    `max_line_size = ${maxLine}`,
    `buffer_size = ${Math.max(BUFFER_SIZE, 2 * maxLine)}`,
  ];
  return `(SELECT * FROM read_csv(${literal(path)}, ${options.join(', ')}))`;
}

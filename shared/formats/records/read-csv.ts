import { literal } from '../../engine/sql.ts';

/**
 * DuckDB cuts a buffer into sixteen parts and reads them in parallel. It loses rows, or fails, unless the buffer
 * is sixteen times the longest line: the remainder of the division becomes a part too small to hold a line.
 */
const MAX_LINE_SIZE = 2 * 1024 * 1024;
const BUFFER_SIZE = 16 * MAX_LINE_SIZE;

export interface CsvReading {
  path: string;
  columns: readonly string[];
  /** `delimiter` is one character; `quote` is one or none. */
  delimiter: string;
  quote: string;
  /** Whether the first line is a header, to be skipped. */
  header: boolean;
  /** Bytes of the longest record. */
  longest: number;
  multiline: boolean;
  newline: 'lf' | 'crlf';
}

/** SQL that reads a file whose records `scanRecords` found well-formed: strictly, and without detection of anything. */
export const readCsv = ({
  path,
  columns,
  delimiter,
  quote,
  header,
  longest,
  multiline,
  newline,
}: CsvReading): string => {
  const long = longest > MAX_LINE_SIZE / 4;
  const maxLine = long ? longest + MAX_LINE_SIZE : MAX_LINE_SIZE;
  const types = columns.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ');
  const options = [
    `columns = {${types}}`,
    'auto_detect = false',
    `header = ${header}`,
    `delim = ${literal(delimiter)}`,
    `quote = ${literal(quote)}`,
    `escape = ${literal(quote)}`,
    "comment = ''",
    // Without new_line DuckDB uses the first newline that it sees, even one within quotes. It detects \r\n correctly
    // where no newline is within quotes, and loses rows where \r\n is given.
    ...(newline === 'lf' ? ["new_line = '\\n'"] : []),
    'strict_mode = true',
    'null_padding = false',
    'ignore_errors = false',
    "compression = 'none'",
    'hive_partitioning = false',
    // Threads that begin in the middle of the file mistake a newline within quotes for the end of a record.
    `parallel = ${!multiline && !long}`,
    `max_line_size = ${maxLine}`,
    `buffer_size = ${long ? 2 * maxLine : BUFFER_SIZE}`,
  ];
  return `(SELECT * FROM read_csv(${literal(path)}, ${options.join(', ')}))`;
};

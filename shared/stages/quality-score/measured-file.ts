/** The file that rules are measured on: views in DuckDB that the caller made, and its counts. */
export interface MeasuredFile {
  /** View of every parsed record, typed, with `_reasons`. */
  records: string;
  /** View that SQL rules see as `${table}`: the parsed records under the contract's column names only. */
  table: string;
  /** All rows read, malformed ones included. */
  rowsRead: number;
  /** Rows that could not be parsed. */
  malformed: number;
  /** ISO 8601; freshness is judged at the moment of upload, so that a redrive comes to the same result. */
  uploadedAt: string;
}

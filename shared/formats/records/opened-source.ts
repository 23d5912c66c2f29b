import type { LogicalType } from '../../contract/model.ts';
import type { Encoding } from '../bytes/encoding.ts';
import type { Compression } from '../bytes/unpack.ts';

/** One record longer than this is malformed, unless the caller says otherwise. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** A column that the contract expects in the source. */
export interface ExpectedColumn {
  sourceName: string;
  logicalType: LogicalType;
}

/** The little that opening a file needs of DuckDB. */
export interface Queryable {
  all<T extends object>(sql: string): Promise<T[]>;
}

export interface OpenOptions {
  db: Queryable;
  /** Folder for temporary files; exists, and is removed by the caller after the relation was read. */
  scratch: string;
  /** The contract's columns, without the derived ones; empty when there is no contract yet. */
  expected: readonly ExpectedColumn[];
  /** More bytes than that after decompression raise `DecompressionLimit`. */
  maxUnpackedBytes: number;
  /** One record longer than that is malformed, or makes a JSON document unreadable. */
  maxRecordBytes: number;
}

/** A file that DuckDB can read exactly and completely, with every record accounted for. */
export interface OpenedSource {
  /** `csv` covers TSV and other delimiters. */
  format: 'csv' | 'json' | 'ndjson' | 'parquet';
  compression: Compression;
  encoding?: Encoding;
  delimiter?: string;
  quote?: string;
  header?: boolean;
  /**
   * `columns`: the relation yields c0 … cN-1, VARCHAR for CSV and native types for Parquet.
   * `documents`: it yields one VARCHAR column `doc`, the text of each record.
   */
  shape: 'columns' | 'documents';
  /** Names as they stand in the source, without outer blanks; empty for documents. */
  columns: string[];
  /** A table expression, usable after FROM, of the well-formed records in source order. */
  relation: string;
  /** How many rows the relation must yield. The caller reconciles. */
  records: number;
  /**
   * Records that cannot be parsed: an NDJSON file of `MalformedRecord`s; absent when there are none.
   */
  malformed?: { path: string; count: number };
  /**
   * Where the relation's n-th row (from 0) begins: line n + firstLine + the shift of the last entry of
   * `lineShifts` with row <= n. For Parquet and JSON documents the "line" is the row's number, from 1.
   */
  firstLine: number;
  /** A CSV file with header `row,shift`, ascending by row; absent when no row is shifted. */
  lineShifts?: { path: string };
  /** Size after decompression. */
  bytes: number;
}

/** Why a record is malformed: too few or too many fields, a broken quote, invalid UTF-8, or its length. */
export type MalformedRule = 'columns' | 'quote' | 'encoding' | 'length';

export interface MalformedRecord {
  /** Physical line where the record begins, from 1. */
  line: number;
  /** The record's text, invalid bytes as U+FFFD, cut at 64 KiB. */
  raw: string;
  rule: MalformedRule;
  message: string;
}

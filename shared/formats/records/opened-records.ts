import type { LogicalType } from '../../contract/model.ts';
import type { Reading } from '../../contract/reading.ts';

/** A column that the contract expects in the source. */
export interface ExpectedColumn {
  sourceName: string;
  /** The column's name in silver, where it differs; a source may use it too. */
  name?: string;
  logicalType: LogicalType;
  /** Texts that mean "no value" in the column. */
  missingValues?: readonly string[];
}

/** The one method of DuckDB's connection that opening a file needs. */
export interface Queryable {
  all<T extends object>(sql: string): Promise<T[]>;
}

export interface OpenOptions {
  db: Queryable;
  /** An existing folder for temporary files. The caller removes it after reading the relation. */
  scratch: string;
  /** The contract's columns, without the derived ones; empty when there is no contract yet. */
  expected: readonly ExpectedColumn[];
  /** The contract's settings for reading the file. */
  reading?: Reading;
  /** A file that is larger than this after decompression raises `DecompressionLimit`. */
  maxUnpackedBytes: number;
  /** A longer record is malformed; in a JSON document it makes the file unreadable. */
  maxRecordBytes: number;
}

/**
 * The records of a file, in a form that DuckDB reads exactly and completely, with every record accounted for.
 * `Format` is the name of the format that was found.
 */
export interface OpenedRecords<Format extends string = string> {
  format: Format;
  /** For CSV only; TSV is CSV with another delimiter. */
  delimiter?: string;
  quote?: string;
  header?: boolean;
  /**
   * `columns`: the relation yields c0 … cN-1, VARCHAR for CSV and native types for Parquet.
   * `documents`: it yields a VARCHAR column `doc`, the text of each record; with `recordsPath`, also `whole`.
   */
  shape: 'columns' | 'documents';
  /** Names as they are in the source, without outer blanks; empty for documents. */
  columns: string[];
  /** A table expression, usable after FROM, of the well-formed records in source order. */
  relation: string;
  /**
   * The JSON Pointer at which each record lies in a document, whose text is the relation's column `whole`; `doc` is NULL
   * where nothing lies there.
   */
  recordsPath?: string;
  /** Makes a relation in which texts are bytes, for a file that holds texts that are no UTF-8. Absent for formats of text. */
  asBytes?: () => Promise<string>;
  /** How many rows the relation must yield. The caller reconciles. */
  records: number;
  /**
   * For documents: how many levels below its document an object holds a key twice, for the deepest such object. Absent when
   * there is none.
   */
  nestedRepeats?: number;
  /** Records that cannot be parsed: an NDJSON file of `MalformedRecord`s; absent when there are none. */
  malformed?: { path: string; count: number };
  /**
   * Where the relation's n-th row (from 0) begins: line n + firstLine + the shift of the last entry of
   * `lineShifts` with row <= n. For Parquet and JSON documents the "line" is the row's number, from 1.
   */
  firstLine: number;
  /** A CSV file with header `row,shift`, ascending by row; absent when no row is shifted. */
  lineShifts?: { path: string };
}

/** Why a record is malformed: too few or too many fields, a broken quote, invalid UTF-8, its length, or a cell's error. */
export type MalformedRule = 'columns' | 'quote' | 'encoding' | 'length' | 'type';

export interface MalformedRecord {
  /** Physical line where the record begins, from 1. */
  line: number;
  /** How many well-formed records lie before it. */
  row: number;
  /** The record's text, invalid bytes as U+FFFD, cut at 64 KiB. */
  raw: string;
  rule: MalformedRule;
  message: string;
}

/** The part of the machine that work with DuckDB may use. */
export interface Resources {
  /** Memory of the function, or of the share of the laptop that one step may use, in MB (1 MB = 2^20 bytes). */
  memoryMb: number;
  /** Threads for DuckDB. */
  threads: number;
  /** Folder for scratch files; `/tmp` in Lambda. */
  scratchRoot: string;
}

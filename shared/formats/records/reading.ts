/** What a contract says about its files, where their content does not say it. An absent member is found out. */
export interface Reading {
  /** A label of the WHATWG Encoding Standard. */
  encoding?: string;
  /** One ASCII character. */
  delimiter?: string;
  /** One ASCII character; empty for none. */
  quote?: string;
  /** Whether the first record is a header. */
  header?: boolean;
  /** Lines before the first record, which are passed over. */
  skipLines?: number;
  /** One ASCII character, with which lines begin that are passed over. */
  comment?: string;
}

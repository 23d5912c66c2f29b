import type { Sample } from '../bytes/chunks.ts';
import type { FileEnds } from '../bytes/file-ends.ts';
import type { Utf8File } from '../bytes/transcode.ts';
import type { OpenedRecords, OpenOptions } from './opened-records.ts';

/** One entry of the list of input formats. */
export type Format = BinaryFormat | TextFormat;

interface Described<Name extends string> {
  /** As `OpenedSource.format` and the payloads of a run spell it. */
  name: Name;
  /** As people call it, in help texts, messages and docs. */
  titles: readonly string[];
  /** How it is read: its cell in the table of docs/datasets.md, as Markdown. */
  docs: string;
}

/** A format that is recognised by the bytes at the ends of the file. */
export interface BinaryFormat<Name extends string = string> extends Described<Name> {
  content: 'bytes';
  recognise: (ends: FileEnds) => boolean;
  /** @param folder for temporary files of this source */
  open: (path: string, options: OpenOptions, folder: string) => Promise<OpenedRecords<Name>>;
}

/**
 * A format that is recognised by the first characters of a text.
 * `Found` names the formats that its opener may find: usually its own only.
 */
export interface TextFormat<Name extends string = string, Found extends string = Name>
  extends Described<Name> {
  content: 'text';
  recognise: (file: TextFile) => boolean;
  /** @param folder for temporary files of this source */
  open: (file: TextFile, options: OpenOptions, folder: string) => Promise<OpenedRecords<Found>>;
}

/** A text in UTF-8, with a sample of its beginning as bytes and as characters. */
export interface TextFile extends Utf8File, Sample {
  text: string;
}

/** A format that is recognised only to tell the user what to do. */
export interface UnsupportedFormat {
  /** Completes the sentence "The file looks like …". */
  name: string;
  /** The advice in the error's message. */
  remedy: string;
  recognise: (ends: FileEnds) => boolean;
}

import { mkdtemp, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { EmptyFile, UnreadableFile } from '../errors.ts';
import { chunksOf, sampleOf } from './bytes/chunks.ts';
import type { CompressionName } from './bytes/compressions.ts';
import { type Encoding, encodingOf } from './bytes/encoding.ts';
import type { FileEnds } from './bytes/file-ends.ts';
import { toUtf8, type Utf8File } from './bytes/transcode.ts';
import { type Unpacked, unpack } from './bytes/unpack.ts';
import { FORMATS, FORMATS_READ, type FormatName } from './formats.ts';
import type { OpenedRecords, OpenOptions } from './records/opened-records.ts';
import { UNSUPPORTED } from './unsupported.ts';

export type { ExpectedColumn, MalformedRecord, OpenOptions } from './records/opened-records.ts';
export { asUnreadable } from './records/unreadable.ts';

/** A local file whose records DuckDB can read. */
export interface OpenedSource extends OpenedRecords<FormatName> {
  compression: CompressionName;
  /** Absent for binary formats. */
  encoding?: Encoding;
  /** Size after decompression. */
  bytes: number;
}

const BINARY_FORMATS = FORMATS.filter((format) => format.content === 'bytes');
const TEXT_FORMATS = FORMATS.filter((format) => format.content === 'text');

/**
 * Recognises a local file by its content, never by its name, and prepares it for DuckDB, which then reads every
 * well-formed record exactly; malformed records are listed. The file itself is not changed.
 *
 * @throws UnreadableFile when it is truncated, corrupt, or in no format that is read
 * @throws EmptyFile when it holds no records
 * @throws DecompressionLimit when it unpacks to more than `options.maxUnpackedBytes`
 */
export const openSource = async (filePath: string, options: OpenOptions): Promise<OpenedSource> => {
  const folder = await mkdtemp(path.join(options.scratch, 'source-'));
  const plain = await plainPath(path.resolve(filePath), folder);
  const unpacked = await unpack(plain, folder, options.maxUnpackedBytes);
  const { compression, ends } = unpacked;
  if (ends.size === 0) throw new EmptyFile('The file holds no bytes. Check the system that wrote it.');
  const binary = BINARY_FORMATS.find((format) => format.recognise(ends));
  if (binary !== undefined)
    return { ...(await binary.open(unpacked.path, options, folder)), compression, bytes: ends.size };
  throwIfUnsupported(ends);
  return { ...(await openText(unpacked, options, folder)), compression, bytes: ends.size };
};

const openText = async (
  { path: filePath, compression }: Unpacked,
  options: OpenOptions,
  folder: string,
): Promise<OpenedRecords<FormatName> & { encoding: Encoding }> => {
  const encoded = await encodingOf(filePath, options.reading?.encoding);
  if (encoded === undefined) throw unknownFormat();
  const utf8 = await toUtf8(filePath, encoded, folder);
  if (utf8.path !== filePath && compression !== 'none') await rm(filePath);
  await throwIfBlank(utf8);
  const sample = await sampleOf(utf8.path, utf8.start);
  const file = { ...utf8, ...sample, text: sample.sample.toString('utf8') };
  const format = TEXT_FORMATS.find((each) => each.recognise(file));
  if (format === undefined) throw unknownFormat();
  return { ...(await format.open(file, options, folder)), encoding: encoded.encoding };
};

const unknownFormat = (): UnreadableFile =>
  new UnreadableFile(`The file is binary and in no known format: ${FORMATS_READ}`);

const throwIfUnsupported = (ends: FileEnds): void => {
  const found = UNSUPPORTED.find((format) => format.recognise(ends));
  if (found !== undefined) throw new UnreadableFile(`The file looks like ${found.name}: ${found.remedy}.`);
};

const throwIfBlank = async (file: Utf8File): Promise<void> => {
  let any = false;
  for await (const chunk of chunksOf(file.path, file.start)) {
    any = true;
    if (/\S/.test(chunk.toString('latin1'))) return;
  }
  throw new EmptyFile(
    any
      ? 'The file holds nothing but blanks. Check the system that wrote it.'
      : 'The file holds a byte order mark and nothing else. Check the system that wrote it.',
  );
};

/** DuckDB reads some characters of a path as wildcards, and would read other files: a link has none of them. */
const plainPath = async (filePath: string, folder: string): Promise<string> => {
  if (!/[*?[\]{}]/.test(filePath)) return filePath;
  const link = path.join(folder, 'link');
  await symlink(filePath, link);
  return link;
};

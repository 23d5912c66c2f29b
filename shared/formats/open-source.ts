import { mkdtemp, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { EmptyFile } from '../errors.ts';
import { chunksOf, sampleOf } from './bytes/chunks.ts';
import { encodingOf } from './bytes/encoding.ts';
import { toUtf8, type Utf8File } from './bytes/transcode.ts';
import { unpack } from './bytes/unpack.ts';
import { type OpenedText, openCsv } from './csv/open-csv.ts';
import { jsonKindOf, openJsonArray, openJsonObjects } from './json/open-json.ts';
import { openParquet } from './parquet/open-parquet.ts';
import type { OpenedSource, OpenOptions } from './records/opened-source.ts';

export * from './records/opened-source.ts';
export { asUnreadable } from './records/unreadable.ts';

/**
 * Finds out what a local file is, by its content and never by its name, and prepares it for DuckDB, which
 * then reads every well-formed record exactly; the others are listed. The file itself is not changed.
 *
 * @throws UnreadableFile when it is truncated, corrupt, or in no format that is read
 * @throws EmptyFile when it holds no records
 * @throws DecompressionLimit when it unpacks to more than `options.maxUnpackedBytes`
 */
export const openSource = async (filePath: string, options: OpenOptions): Promise<OpenedSource> => {
  const folder = await mkdtemp(path.join(options.scratch, 'source-'));
  const { kind, compression, bytes, ...unpacked } = await unpack(
    await plainPath(path.resolve(filePath), folder),
    folder,
    options.maxUnpackedBytes,
  );
  if (bytes === 0) throw new EmptyFile('The file holds no bytes. Check the system that wrote it.');
  if (kind === 'parquet') return { ...(await openParquet(options.db, unpacked.path)), compression, bytes };
  const text = await encodingOf(unpacked.path);
  const file = await toUtf8(unpacked.path, text, folder);
  if (file.path !== unpacked.path && compression !== 'none') await rm(unpacked.path);
  return { ...(await openText(file, options, folder)), compression, encoding: text.encoding, bytes };
};

const openText = async (file: Utf8File, options: OpenOptions, folder: string): Promise<OpenedText> => {
  await refuseBlank(file);
  const { sample } = await sampleOf(file.path, file.start);
  const json = jsonKindOf(sample.toString('utf8'));
  if (json === 'array') return openJsonArray(file, options);
  if (json === 'objects') return openJsonObjects(file, options, folder);
  return openCsv(file, options, folder);
};

const refuseBlank = async (file: Utf8File): Promise<void> => {
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

/** DuckDB takes some characters of a path for wildcards, and reads other files then: a link has none. */
const plainPath = async (filePath: string, folder: string): Promise<string> => {
  if (!/[*?[\]{}]/.test(filePath)) return filePath;
  const link = path.join(folder, 'link');
  await symlink(filePath, link);
  return link;
};

import path from 'node:path';
import { literal } from '../../engine/sql.ts';
import { EmptyFile, UnreadableFile } from '../../errors.ts';
import { type FileEnds, isControl, startsWith } from '../bytes/file-ends.ts';
import type { BinaryFormat, UnsupportedFormat } from '../records/format.ts';
import type { OpenedRecords, OpenOptions, Queryable } from '../records/opened-records.ts';
import { asUnreadable } from '../records/unreadable.ts';
import { checkPages } from './check-pages.ts';
import { columnsOf } from './columns.ts';
import { isEncrypted } from './encryption.ts';
import { exactFile, relationOf } from './exact-times.ts';
import { copyWithFooter } from './rewrite-footer.ts';

/** `PAR1`, at both ends of the file: https://parquet.apache.org/docs/file-format/ */
const MAGIC = '50415231';
/** Bytes of the shortest file: the magic twice, and the length of the footer. */
const MIN_BYTES = 12;

const isParquet = ({ head, tail, size }: FileEnds): boolean =>
  startsWith(head, MAGIC) && startsWith(tail, MAGIC) && size >= MIN_BYTES;

/** Text that begins with "PAR1" is followed by text: a byte that plain text does not hold makes it a Parquet file. */
const beginsLikeParquet = ({ head }: FileEnds): boolean => {
  const following = head[4];
  return startsWith(head, MAGIC) && following !== undefined && (isControl(following) || following > 127);
};

/**
 * @throws EmptyFile for a file of no rows
 * @throws UnreadableFile when DuckDB cannot read the footer, would read values wrong, or a page is damaged
 */
const openParquet = async (
  file: string,
  { db }: OpenOptions,
  folder: string,
): Promise<OpenedRecords<'parquet'>> => {
  try {
    if (await isEncrypted(file)) throw encrypted();
    const [counted] = await db.all<{ rows: unknown }>(
      `SELECT num_rows AS rows FROM parquet_file_metadata(${literal(file)})`,
    );
    const records = Number(counted?.rows ?? 0);
    if (records === 0) throw new EmptyFile('The Parquet file holds no rows. Check the system that wrote it.');
    await throwIfContradictory(db, file, records);
    await throwIfTooWide(db, file);
    await checkPages(db, file);
    const columns = await columnsOf(db, file);
    const exact = await exactFile(db, file, columns, folder);
    return {
      format: 'parquet',
      shape: 'columns',
      columns: columns.map(({ name }) => name),
      relation: await relationOf(db, exact, columns),
      asBytes: async () => {
        const bytes = path.join(folder, 'bytes.parquet');
        await copyWithFooter(exact, bytes, 'texts');
        return relationOf(db, bytes, columns);
      },
      records,
      firstLine: 1,
    };
  } catch (error) {
    throw asUnreadable(error);
  }
};

/** The footer may be plain where the columns are not. */
const encrypted = (): UnreadableFile =>
  new UnreadableFile(
    'Columns of the Parquet file are encrypted, and there is no key for them. Write it without encryption (the bucket can encrypt it), and upload the file again.',
  );

/** The widest DECIMAL of DuckDB. It reads wider ones as doubles, and most of them wrong. */
const MAX_DIGITS = 38;

const throwIfTooWide = async (db: Queryable, path: string): Promise<void> => {
  const [wide] = await db.all<{ name: string; digits: unknown }>(
    `SELECT name, "precision" AS digits FROM parquet_schema(${literal(path)}) WHERE "precision" > ${MAX_DIGITS}`,
  );
  if (wide === undefined) return;
  throw new UnreadableFile(
    `Column ${JSON.stringify(wide.name)} is a DECIMAL of ${String(wide.digits)} digits, and at most ${MAX_DIGITS} can be read exactly. Write it as DECIMAL(${MAX_DIGITS}, …) or as text, and upload the file again.`,
  );
};

/** The footer counts the rows twice. */
const throwIfContradictory = async (db: Queryable, path: string, records: number): Promise<void> => {
  const [groups] = await db.all<{ rows: unknown }>(
    `SELECT sum(rows) AS rows FROM (SELECT DISTINCT row_group_id, row_group_num_rows AS rows FROM parquet_metadata(${literal(path)}))`,
  );
  if (Number(groups?.rows ?? 0) !== records)
    throw new UnreadableFile(
      `The file is damaged: its footer counts ${records} rows, its row groups ${String(groups?.rows ?? 0)}; upload it again.`,
    );
};

export const PARQUET: BinaryFormat<'parquet'> = {
  name: 'parquet',
  titles: ['Parquet'],
  docs: 'any flat columns; lists and structs only for an `object` or `array` column',
  content: 'bytes',
  recognise: isParquet,
  open: openParquet,
};

export const CUT_OFF_PARQUET: UnsupportedFormat = {
  name: 'a Parquet file whose end is missing',
  remedy: 'the upload was cut off; upload it again',
  recognise: (ends) => beginsLikeParquet(ends) && !isParquet(ends),
};

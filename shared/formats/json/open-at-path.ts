import path from 'node:path';
import { literal } from '../../engine/sql.ts';
import { ContractMismatch, EmptyFile, UnreadableFile } from '../../errors.ts';
import { chunksOf } from '../bytes/chunks.ts';
import type { TextFile } from '../records/format.ts';
import { listNames } from '../records/list-names.ts';
import type { OpenedRecords, OpenOptions } from '../records/opened-records.ts';
import { ScratchWriter } from '../records/scratch-writer.ts';
import { IrregularJson } from './irregular-json.ts';
import { jsonFaultOf } from './json-fault.ts';
import { keysOf, pointerOf } from './json-pointer.ts';
import { type Absence, PathReader } from './path-reader.ts';
import { readLines } from './read-lines.ts';

/**
 * The records that lie below other members. Where the first document has a list at the path, the elements of all
 * documents' lists are the records. Otherwise each document holds one record, the object at the path.
 *
 * @param pointer the contract's `recordsPath`, a JSON Pointer
 * @param read opens the documents themselves
 * @throws ContractMismatch when a document of lists has none at the path, or no document has an object there
 * @throws UnreadableFile when a document of lists is not whole
 * @throws EmptyFile when all lists are empty
 */
export const openAtPath = async <Format extends string>(
  file: TextFile,
  options: OpenOptions,
  folder: string,
  pointer: string,
  read: () => Promise<OpenedRecords<Format>>,
): Promise<OpenedRecords<Format | 'json'>> => {
  const keys = keysOf(pointer);
  const first = await firstTarget(file, keys);
  if (first === 'list') {
    const lists = await writeLists(file, folder, keys);
    return { ...(await readLines({ ...file, path: lists, start: 0 }, options, folder)), format: 'json' };
  }
  const mismatch = first === undefined || first === 'object' ? undefined : mismatchOf(first, keys, 1);
  try {
    const opened = withinDocuments(await read(), keys);
    if (first !== 'object' && opened.records > 0) await throwIfNowhere(options, opened, pointer, mismatch);
    return opened;
  } catch (error) {
    // A document that is larger than a record may be.
    throw error instanceof UnreadableFile && mismatch !== undefined && !file.whole ? mismatch : error;
  }
};

/** The kind of value at the path in the first document; undefined where that is broken or no object. */
const firstTarget = async (
  file: TextFile,
  keys: readonly string[],
): Promise<'list' | 'object' | Absence | undefined> => {
  let target: 'list' | 'object' | Absence | undefined;
  const found = (kind: 'list' | 'object' | Absence): void => {
    target ??= kind;
  };
  const reader = new PathReader(keys, {
    onTarget: found,
    onAbsent: found,
    onRecordBytes: () => undefined,
    onRecordEnd: () => undefined,
    onRepeated: () => undefined,
  });
  try {
    for await (const chunk of chunksOf(file.path, file.start)) {
      reader.read(chunk);
      if (target !== undefined) break;
    }
  } catch (error) {
    if (!(error instanceof IrregularJson)) throw error;
  }
  return target;
};

/** Writes the elements of all lists at the path, one per line, in constant memory. */
const writeLists = async (file: TextFile, folder: string, keys: readonly string[]): Promise<string> => {
  const writer = new ScratchWriter(path.join(folder, 'at-path'));
  const newline = Buffer.from('\n');
  let [documents, records] = [1, 0];
  const reader = new PathReader(keys, {
    onTarget: () => undefined,
    onRecordBytes: (chunk, start, end) => writer.append(chunk, start, end),
    onRecordEnd: () => {
      records++;
      writer.append(newline);
    },
    onDocumentEnd: () => {
      documents++;
    },
    onAbsent: (absence) => {
      throw mismatchOf(absence, keys, documents);
    },
    onRepeated: (key) => {
      throw new ContractMismatch(
        `${inDocument(documents)} has the key ${JSON.stringify(key)} of recordsPath twice: which list holds the records cannot be known. Write it once.`,
      );
    },
  });
  try {
    for await (const chunk of chunksOf(file.path, file.start)) reader.read(chunk);
    reader.end();
  } catch (error) {
    if (!(error instanceof IrregularJson)) throw error;
    const fault = error.fault ?? (await jsonFaultOf(file.path, file.start));
    throw new UnreadableFile(
      `The file is not valid JSON: ${fault ?? `its brackets or quotes do not match, behind record ${records}`}. Fix it and upload the file again.`,
    );
  } finally {
    writer.close();
  }
  if (records === 0)
    throw new EmptyFile(
      `The list at ${JSON.stringify(pointerOf(keys))} is empty. Check the system that wrote the file.`,
    );
  return writer.path;
};

const ADVICE = 'Correct recordsPath in the contract, or the file.';

const inDocument = (number: number): string => (number === 1 ? 'The file' : `Document ${number} of the file`);

const mismatchOf = (
  { depth, found }: Absence,
  keys: readonly string[],
  document: number,
): ContractMismatch => {
  const where = depth === 0 ? 'it' : `the value at ${JSON.stringify(pointerOf(keys.slice(0, depth)))}`;
  const instead =
    found === 'list' || found === 'value'
      ? `is ${found === 'list' ? 'a list' : 'no object and no list'}`
      : `has the keys ${listNames(found)}`;
  return new ContractMismatch(
    `${inDocument(document)} has no records at ${JSON.stringify(pointerOf(keys))}, the contract's recordsPath: ${where} ${instead}. ${ADVICE}`,
  );
};

/** Reads the object at the path of each document. A document that names a key of the path twice has none. */
const withinDocuments = <Format extends string>(
  opened: OpenedRecords<Format>,
  keys: readonly string[],
): OpenedRecords<Format> => {
  const pointer = pointerOf(keys);
  // Counted from the document: the object may lie in the record, or beside it.
  const nestedRepeats = Math.max(0, (opened.nestedRepeats ?? 0) - keys.length);
  const { nestedRepeats: _, ...others } = opened;
  const twice = keys.map((key, depth) => {
    const above = depth === 0 ? '' : `, ${literal(pointerOf(keys.slice(0, depth)))}`;
    return `len(list_filter(TRY(json_keys(doc${above})), lambda _k: _k = ${literal(key)})) > 1`;
  });
  return {
    ...others,
    ...(nestedRepeats > 0 && { nestedRepeats }),
    recordsPath: pointer,
    relation: `(SELECT CASE WHEN coalesce(${twice.join(' OR ')}, false) THEN NULL ELSE CAST(TRY(json_extract(doc, ${literal(pointer)})) AS VARCHAR) END AS doc, doc AS whole
      FROM ${opened.relation})`,
  };
};

/** @throws ContractMismatch when no document has an object at the path */
const throwIfNowhere = async (
  { db }: OpenOptions,
  { relation, records }: OpenedRecords,
  pointer: string,
  mismatch: ContractMismatch | undefined,
): Promise<void> => {
  const some = await db.all(`SELECT 1 AS one FROM ${relation} WHERE TRY(json_type(doc)) = 'OBJECT' LIMIT 1`);
  if (some.length > 0) return;
  if (records === 1 && mismatch !== undefined) throw mismatch;
  const [first] = await db.all<{ keys: string[] }>(
    `SELECT keys FROM (SELECT TRY(json_keys(whole)) AS keys FROM ${relation}) WHERE len(keys) > 0 LIMIT 1`,
  );
  const has =
    first === undefined ? 'none of them is an object' : `one of them has the keys ${listNames(first.keys)}`;
  throw new ContractMismatch(
    `None of the file's documents has an object at ${JSON.stringify(pointer)}, the contract's recordsPath: ${has}. ${ADVICE}`,
  );
};

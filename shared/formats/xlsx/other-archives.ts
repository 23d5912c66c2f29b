import type { Archive } from './archive.ts';

/** A ZIP archive that is no workbook. */
interface OtherArchive {
  /** Completes the sentence "The file looks like …". */
  name: string;
  /** The advice in the error's message. */
  remedy: string;
  recognise: (archive: Archive) => boolean;
}

/** The first that recognises an archive names it. */
export const OTHER_ARCHIVES: readonly OtherArchive[] = [
  {
    name: 'a ZIP archive with a password',
    remedy: 'extract it, and upload each file',
    recognise: (archive) => archive.isEncrypted,
  },
  {
    name: 'a binary Excel workbook (.xlsb)',
    remedy: 'save it as .xlsx',
    recognise: (archive) => archive.has('xl/workbook.bin'),
  },
  {
    name: 'an OpenDocument spreadsheet (.ods)',
    remedy: 'save it as .xlsx, or the sheet as CSV',
    recognise: (archive) => archive.has('mimetype') && archive.has('content.xml'),
  },
  {
    name: 'a Numbers spreadsheet',
    remedy: 'export it as .xlsx or CSV',
    recognise: (archive) => archive.names.some((name) => /(^|\/)index(\.zip$|\/document\.iwa$)/.test(name)),
  },
  {
    name: 'a Word or PowerPoint document',
    remedy: 'export the data as CSV',
    recognise: (archive) => archive.names.some((name) => /^(word|ppt)\//.test(name)),
  },
  {
    name: 'a ZIP archive',
    remedy: 'extract it, and upload each file; gzip and zstd are read',
    recognise: (archive) => !archive.has('_rels/.rels'),
  },
];

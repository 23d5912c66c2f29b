import path from 'node:path';
import { ContractMismatch } from '../../errors.ts';
import { Damage } from '../bytes/damage.ts';
import { listNames } from '../records/list-names.ts';
import type { Archive } from './archive.ts';
import { type Shown, shownBy } from './number-formats.ts';
import type { DateSystem } from './serial-dates.ts';
import { type Attributes, parseXml } from './xml.ts';

/** The parts of a workbook that its cells need. */
export interface Workbook {
  /** Name of the part that holds the sheet. */
  sheet: string;
  sharedStrings: string | undefined;
  styles: string | undefined;
  dates: DateSystem;
}

interface Sheet {
  name: string;
  part: string;
  hidden: boolean;
}

interface Relation {
  /** The last word of its type. */
  kind: string;
  part: string;
}

/**
 * @param wanted name of the sheet, in any case; the first that is not hidden where none is named
 * @throws ContractMismatch when there is no such sheet
 * @throws Damage
 */
export const readWorkbook = async (archive: Archive, wanted: string | undefined): Promise<Workbook> => {
  const [workbook] = [...(await relationsOf(archive, '')).values()].filter(
    ({ kind }) => kind === 'officeDocument',
  );
  if (workbook === undefined) throw new Damage('it names no workbook');
  const relations = await relationsOf(archive, workbook.part);
  const { sheets, dates } = await readSheets(archive, workbook.part, relations);
  const partOf = (kind: string): string | undefined =>
    [...relations.values()].find((relation) => relation.kind === kind)?.part;
  return {
    sheet: chosen(sheets, wanted).part,
    ...{ sharedStrings: partOf('sharedStrings'), styles: partOf('styles'), dates },
  };
};

const chosen = (sheets: readonly Sheet[], wanted: string | undefined): Sheet => {
  const same = (name: string): string => name.trim().toLowerCase();
  const sheet =
    wanted === undefined
      ? (sheets.find(({ hidden }) => !hidden) ?? sheets[0])
      : sheets.find(({ name }) => same(name) === same(wanted));
  if (sheet !== undefined) return sheet;
  if (wanted === undefined) throw new Damage('it has no sheet of cells');
  throw new ContractMismatch(
    `The workbook has no sheet ${JSON.stringify(wanted)}, which the contract's "sheet" names. It has ${listNames(sheets.map(({ name }) => name))}. Rename the sheet, or fix the contract.`,
  );
};

const readSheets = async (
  archive: Archive,
  part: string,
  relations: ReadonlyMap<string, Relation>,
): Promise<{ sheets: Sheet[]; dates: DateSystem }> => {
  const sheets: Sheet[] = [];
  let dates: DateSystem = 1900;
  const open = (element: string, { name = '', id = '', state, date1904 = '' }: Attributes): void => {
    if (element === 'workbookPr' && /^(1|true|on)$/.test(date1904)) dates = 1904;
    const relation = relations.get(id);
    if (element === 'sheet' && relation?.kind === 'worksheet')
      sheets.push({ name, part: relation.part, hidden: state !== undefined && state !== 'visible' });
  };
  await parseXml(archive.read(part), { open, close: nothing, text: nothing });
  return { sheets, dates };
};

const nothing = (): void => undefined;

/** The parts that a part names, by id. @param part empty for the archive itself */
const relationsOf = async (archive: Archive, part: string): Promise<Map<string, Relation>> => {
  const relations = new Map<string, Relation>();
  const folder = path.posix.dirname(part);
  const file = path.posix.join(folder, '_rels', `${path.posix.basename(part)}.rels`);
  if (!archive.has(file)) throw new Damage('the list of its parts is missing');
  const open = (element: string, { Id = '', Type = '', Target = '', TargetMode }: Attributes): void => {
    if (element !== 'Relationship' || TargetMode === 'External') return;
    const target = Target.startsWith('/') ? Target.slice(1) : path.posix.join(folder, Target);
    relations.set(Id, { kind: path.posix.basename(Type), part: target });
  };
  await parseXml(archive.read(file), { open, close: nothing, text: nothing });
  return relations;
};

/** How each style of cells shows a number. */
export const readStyles = async (archive: Archive, part: string): Promise<Shown[]> => {
  const codes = new Map<number, string>();
  const ids: number[] = [];
  let within = false;
  await parseXml(archive.read(part), {
    open: (name, { numFmtId, formatCode }) => {
      if (name === 'cellXfs') within = true;
      if (name === 'numFmt' && formatCode !== undefined) codes.set(Number(numFmtId), formatCode);
      if (name === 'xf' && within) ids.push(Number(numFmtId ?? 0));
    },
    close: (name) => {
      if (name === 'cellXfs') within = false;
    },
    text: nothing,
  });
  return ids.map((id) => shownBy(id, codes.get(id)));
};

import type { RawLeft, Receipt } from '../../operate/forgotten.ts';
import { counted } from '../../shared/base/text.ts';
import { renderGold } from './gold.ts';

/** The receipt of a request, or what a dry run counted, as text. */
export const renderReceipt = (receipt: Receipt): string[] => {
  const { id, dataset, condition, finished_at, silver, gold, tables, staging, quarantine, raw } = receipt;
  const isDone = finished_at !== undefined;
  const hidden = silver.rows - silver.shown;
  return [
    `silver.${dataset}: ${counted(silver.rows, 'row')} in ${counted(silver.files, 'file')}${hidden === 0 ? '' : `, ${hidden} of them hidden by others`}${isDone ? ' removed' : ' would be removed'}.`,
    ...renderGold(gold),
    ...tables.map(
      ({ table, snapshots, objects }) =>
        `${table}: ${counted(snapshots, 'earlier snapshot')}${isDone ? ` and ${counted(objects, 'object')} removed` : ' would be removed'}.`,
    ),
    `quarantine.${dataset}: ${counted(quarantine.records, 'record')} of ${counted(quarantine.files, 'file')}.`,
    ...quarantine.not_judged.map(
      ({ key, records }) =>
        `  quarantine/${key}: the condition cannot judge ${counted(records, 'record')}. Look at them; --quarantine-text removes by text.`,
    ),
    `Staged: ${counted(staging.objects, 'object')}.`,
    ...(staging.left.length === 0
      ? []
      : [
          `  ${counted(staging.left.length, 'run')} of any dataset not ended: what they have staged is left.`,
        ]),
    ...listed(raw.deleted, isDone ? 'deleted from raw' : 'would be deleted from raw'),
    ...listed(raw.left, 'left in raw'),
    ...(raw.unknown.length === 0
      ? []
      : [`${counted(raw.unknown.length, 'file')} of raw that no run record names: not looked at.`]),
    ...receipt.not_searched.map((what) => `Not looked at: ${what}.`),
    ...(isDone ? [`Receipt: gold/_receipts/${id}.json (condition ${condition.slice(0, 12)}).`] : []),
  ];
};

const listed = (versions: readonly RawLeft[], what: string): string[] =>
  versions.length === 0
    ? []
    : [
        `${counted(versions.length, 'version')} ${what}:`,
        ...versions.map(
          ({ key, version, bytes, uploaded_at, holds, kept }) =>
            `  ${key} ${version} ${uploaded_at} ${counted(bytes, 'byte')}${holds ? '' : ', not searched'}${kept === undefined ? '' : `: ${kept}`}`,
        ),
      ];

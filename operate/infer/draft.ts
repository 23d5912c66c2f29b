import { Document, visit } from 'yaml';
import { count, counted } from '../../shared/base/text.ts';
import { isDatasetName } from '../../shared/contract/load.ts';
import { UsageError } from '../../shared/errors.ts';
import type { SourceProfile } from './profile.ts';
import type { ColumnProfile } from './profile-column.ts';

/**
 * An ODCS contract as YAML that fits the file, with comments for the person who has to decide.
 *
 * @throws UsageError when that is no valid name of a dataset
 */
export const draftContract = (dataset: string, file: string, profile: SourceProfile): string => {
  if (!isDatasetName(dataset))
    throw new UsageError(
      `"${dataset}" cannot be a dataset's name: it needs small letters, digits and _, a letter first, and must not be a name that the lake uses itself (raw, silver, gold, quarantine, runs). Use --dataset.`,
    );
  const { rows } = profile;
  const key = bestKey(profile);
  const lines = [
    `# A draft, made of ${flow(file)}: ${profile.format}, ${counted(rows, 'row')}, all of them read.`,
    '# The next file may differ from this one: read the comments, decide, and delete them.',
    ...(profile.malformed > 0
      ? [`# ${counted(profile.malformed, 'record')} could not be read at all, and will be rejected.`]
      : []),
    'apiVersion: v3.1.0',
    'kind: DataContract',
    `id: ${dataset}`,
    'version: 0.1.0',
    'status: draft',
    'description:',
    '  purpose: The use of the data, and its origin.',
    '',
    'schema:',
    `  - name: ${dataset}`,
    '    description: The meaning of one row.',
    ...(key === undefined
      ? [
          '    # No single column identifies a row. If several together do, give each of them primaryKey: true.',
        ]
      : []),
    '    properties:',
    ...nameless(profile).map((remark) => `      # ${remark}`),
    ...nameable(profile).flatMap((column) => property(column, rows, key).map((line) => `      ${line}`)),
    '    customProperties:',
    '      # The score, from 0 to 1, that a file must reach to be loaded.',
    '      - { property: qualityThreshold, value: 0.95 }',
    '      # Columns that this contract does not name: rescue keeps them as JSON, reject rejects the file, ignore drops them.',
    '      - { property: unknownColumns, value: rescue }',
    ...missingValues(profile),
    ...latestBy(profile, key),
  ];
  return `${lines.join('\n')}\n`;
};

/** The name in the spelling by which contracts match it. */
const spelled = ({ sourceName }: ColumnProfile): string => sourceName.trim().toLowerCase();

/** The columns that a contract can refer to: those whose name is not empty and unique. */
const nameable = ({ columns }: SourceProfile): ColumnProfile[] =>
  columns.filter(
    (column) =>
      spelled(column) !== '' &&
      columns.every((other) => other === column || spelled(other) !== spelled(column)),
  );

/** Remarks on the columns that a contract cannot name. */
const nameless = (profile: SourceProfile): string[] => {
  const kept = nameable(profile);
  return profile.columns.flatMap((column, i) => {
    if (kept.includes(column)) return [];
    const what = spelled(column) === '' ? 'has no name' : `shares its name, ${flow(column.sourceName)}`;
    return [`Column ${i + 1} ${what}: nothing here can refer to it. See unknownColumns.`];
  });
};

const property = (column: ColumnProfile, rows: number, key: ColumnProfile | undefined): string[] => {
  const { name, sourceName, reading, filled, values = [], rare } = column;
  const options = optionsOf(column);
  const unique = isUnique(column, rows);
  const lines = [
    `name: ${name}`,
    ...(name === sourceName.trim().toLowerCase() ? [] : [`physicalName: ${flow(sourceName)}`]),
    `logicalType: ${reading.logicalType}`,
    ...(reading.physicalType === undefined ? [] : [`physicalType: ${flow(reading.physicalType)}`]),
    ...(Object.keys(options).length === 0 ? [] : [`logicalTypeOptions: ${flow(options)}`]),
    ...separatorsOf(column),
    ...(filled === rows ? ['required: true'] : []),
    ...(unique && column !== key ? ['unique: true'] : []),
    ...(column === key
      ? ['primaryKey: true # Silver keeps the latest row of each key. Does this column identify a row?']
      : []),
    ...remarks(column, rows).map((remark) => `# ${remark}`),
    ...(reading.logicalType === 'string' && values.length > 1
      ? [
          'quality:',
          `  - id: known-${name.replaceAll('_', '-')}`,
          '    # Rows with any other value are rejected. Is the list complete?',
          ...(rare.length === 0
            ? []
            : [`    # Values of one row each are left out: ${rare.map(flow).join(', ')}.`]),
          '    metric: invalidValues',
          `    arguments: ${flow({ validValues: values })}`,
          '    mustBe: 0',
        ]
      : []),
  ];
  return lines.map((line, i) => `${i === 0 ? '- ' : '  '}${line}`);
};

const separatorsOf = ({ reading: { column } }: ColumnProfile): string[] => {
  if (column.separators === undefined) return [];
  const { decimal, thousands } = column.separators;
  const settings = [
    ...(decimal === '.' ? [] : [{ property: 'decimalSeparator', value: decimal }]),
    ...(thousands === undefined ? [] : [{ property: 'thousandsSeparator', value: thousands[0] }]),
  ];
  return ['customProperties:', ...settings.map((setting) => `  - ${flow(setting)}`)];
};

const optionsOf = ({ reading, smallest, stringFormat }: ColumnProfile): Record<string, unknown> => ({
  ...(reading.format !== undefined && { format: reading.format }),
  ...(stringFormat !== undefined && { format: stringFormat }),
  ...(['integer', 'number'].includes(reading.logicalType) && Number(smallest) >= 0 && { minimum: 0 }),
});

const remarks = (column: ColumnProfile, rows: number): string[] => {
  const { reading, filled, misfits, distinct, smallest, largest, longest, markers, ambiguous } = column;
  const text = reading.logicalType === 'string';
  const missing = rows - filled;
  return [
    filled === 0 ? 'No row has a value: the type is a guess.' : undefined,
    missing > 0 && filled > 0 ? `Missing in ${count(missing)} of ${counted(rows, 'row')}.` : undefined,
    misfits > 0
      ? `${counted(misfits, 'value')} cannot be read as ${reading.logicalType}; such rows are rejected.`
      : undefined,
    ambiguous.length > 0
      ? `Every value fits ${ambiguous.map(flow).join(', ')} as well: which is it?`
      : undefined,
    smallest !== undefined && largest !== undefined
      ? `From ${smallest} to ${largest}. Set minimum and maximum if there are limits.`
      : undefined,
    text && column.values === undefined && filled > 0
      ? `Up to ${counted(longest, 'character')} long.`
      : undefined,
    text && markers.length > 0
      ? `It holds ${markers.map(flow).join(', ')}: a value, or a missing one?`
      : undefined,
    isNearlyUnique(column, rows)
      ? `Almost unique: ${counted(filled - distinct, 'row')} with a value seen before. If it is the key: primaryKey: true.`
      : undefined,
  ].filter((remark) => remark !== undefined);
};

const canBeKey = ({ reading }: ColumnProfile): boolean =>
  reading.logicalType === 'integer' || reading.logicalType === 'string';

/** A single row proves nothing, and a measurement that never repeats is no key. */
const isUnique = (column: ColumnProfile, rows: number): boolean =>
  rows > 1 && column.filled === rows && column.distinct === rows && column.misfits === 0 && canBeKey(column);

const isNearlyUnique = (column: ColumnProfile, rows: number): boolean =>
  column.filled === rows && column.distinct < rows && column.distinct >= rows * 0.95 && canBeKey(column);

/** The unique column that is named like a key, else the first unique column, else a date that never repeats. */
const bestKey = (profile: SourceProfile): ColumnProfile | undefined => {
  const { rows } = profile;
  const columns = nameable(profile);
  const unique = columns.filter((column) => isUnique(column, rows));
  const dated = columns.find(
    (column) =>
      column.reading.logicalType === 'date' && rows > 1 && column.filled === rows && column.distinct === rows,
  );
  return unique.find(({ name }) => /(^|_)(id|key|uuid|number|no|code)$/.test(name)) ?? unique[0] ?? dated;
};

const missingValues = ({ columns }: SourceProfile): string[] => {
  const found = new Set(
    columns.filter(({ reading }) => reading.logicalType !== 'string').flatMap(({ markers }) => markers),
  );
  if (found.size === 0) return [];
  return [
    '      # Found where a number or a date should be. They mean "no value" in every column.',
    `      - ${flow({ property: 'missingValues', value: [...found] })}`,
  ];
};

const latestBy = (profile: SourceProfile, key: ColumnProfile | undefined): string[] => {
  const clock = nameable(profile).find(
    (column) => column !== key && ['timestamp', 'date'].includes(column.reading.logicalType),
  );
  if (key === undefined || clock === undefined) return [];
  return [
    '      # Decides which of several rows with the same key is the latest. Without it, the row that came last is.',
    `      # - { property: dedupeOrderBy, value: ${clock.name} desc }`,
  ];
};

/** Texts that need quotes: several lines, or a beginning that YAML would misread. */
const MISREAD = /\p{Cc}|^(---|\.\.\.)/u;

/** Writes a value on one line of YAML: a text of several lines is quoted, with its line breaks as `\n`. */
const flow = (value: unknown): string => {
  const document = new Document(value);
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && MISREAD.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document
    .toString({
      collectionStyle: 'flow',
      lineWidth: 0,
      flowCollectionPadding: true,
      doubleQuotedMinMultiLineLength: Number.POSITIVE_INFINITY,
    })
    .trim();
};

import { Document, visit } from 'yaml';
import { count, counted } from '../../shared/base/text.ts';
import { isDatasetName } from '../../shared/contract/load.ts';
import { UsageError } from '../../shared/errors.ts';
import type { ColumnProfile, SourceProfile } from './profile.ts';

/**
 * An ODCS contract as YAML that fits the file, with comments for the person who has to decide.
 *
 * @throws UsageError when the dataset cannot have that name
 */
export const draftContract = (dataset: string, file: string, profile: SourceProfile): string => {
  if (!isDatasetName(dataset))
    throw new UsageError(
      `"${dataset}" cannot be a dataset's name: small letters, digits and _, a letter first, and no name of the lake's own (raw, silver, gold, quarantine, runs). Use --dataset.`,
    );
  const { rows } = profile;
  const key = bestKey(profile);
  const lines = [
    `# A draft, made of ${flow(file)}: ${profile.format}, ${counted(rows, 'row')}, all of them looked at.`,
    '# The next file may differ from this one: read the comments, decide, and delete them.',
    ...(profile.malformed > 0
      ? [`# ${counted(profile.malformed, 'record')} could not be read at all, and will be refused.`]
      : []),
    'apiVersion: v3.1.0',
    'kind: DataContract',
    `id: ${dataset}`,
    'version: 0.1.0',
    'status: draft',
    'description:',
    '  purpose: What the data is for, and where it comes from.',
    '',
    'schema:',
    `  - name: ${dataset}`,
    '    description: What one row stands for.',
    ...(key === undefined
      ? ['    # No column alone tells the rows apart. Where several do together, give each primaryKey: true.']
      : []),
    '    properties:',
    ...nameless(profile).map((remark) => `      # ${remark}`),
    ...nameable(profile).flatMap((column) => property(column, rows, key).map((line) => `      ${line}`)),
    '    customProperties:',
    '      # The share of good data that a file must have to be loaded at all.',
    '      - { property: qualityThreshold, value: 0.95 }',
    '      # Columns that appear one day: rescue keeps them, as JSON; reject refuses the file; ignore drops them.',
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
    ...(filled === rows ? ['required: true'] : []),
    ...(unique && column !== key ? ['unique: true'] : []),
    ...(column === key
      ? ['primaryKey: true # Silver keeps the latest row of each. Is this what tells rows apart?']
      : []),
    ...remarks(column, rows).map((remark) => `# ${remark}`),
    ...(reading.logicalType === 'string' && values.length > 1
      ? [
          'quality:',
          `  - id: known-${name.replaceAll('_', '-')}`,
          '    # Rows with any other value are refused. Are these all?',
          ...(rare.length === 0
            ? []
            : [`    # In one row each, and left out: ${rare.map(flow).join(', ')}.`]),
          '    metric: invalidValues',
          `    arguments: ${flow({ validValues: values })}`,
          '    mustBe: 0',
        ]
      : []),
  ];
  return lines.map((line, i) => `${i === 0 ? '- ' : '  '}${line}`);
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
      ? `${counted(misfits, 'value')} cannot be read as ${reading.logicalType}; such rows are refused.`
      : undefined,
    ambiguous.length > 0
      ? `Every value fits ${ambiguous.map(flow).join(', ')} as well: which is it?`
      : undefined,
    smallest !== undefined && largest !== undefined
      ? `From ${smallest} to ${largest}. Narrow it with minimum and maximum where nature or business does.`
      : undefined,
    text && column.values === undefined && filled > 0
      ? `Up to ${counted(longest, 'character')} long.`
      : undefined,
    text && markers.length > 0
      ? `${markers.map(flow).join(', ')} in it: a value, or a missing one?`
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

/** The unique column that is named like a key, else the first one; dates that never repeat after those. */
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
    '      # Seen where a number or a date should be. In every column these are read as no value.',
    `      - ${flow({ property: 'missingValues', value: [...found] })}`,
  ];
};

const latestBy = (profile: SourceProfile, key: ColumnProfile | undefined): string[] => {
  const clock = nameable(profile).find(
    (column) => column !== key && ['timestamp', 'date'].includes(column.reading.logicalType),
  );
  if (key === undefined || clock === undefined) return [];
  return [
    '      # Which of several rows with one key is the latest. Without it: the one in the file that came last.',
    `      # - { property: dedupeOrderBy, value: ${clock.name} desc }`,
  ];
};

/** Texts that need quotes: several lines, or a beginning that YAML would misread. */
const MISREAD = /\p{Cc}|^(---|\.\.\.)/u;

/** A value on one line of YAML; texts that go over several are quoted, with their line breaks as `\n`. */
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

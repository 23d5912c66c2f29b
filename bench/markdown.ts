import { chartedCases } from './charted.ts';
import { CONTENDERS } from './contender.ts';
import { caseName } from './plan.ts';
import { megabytes, seconds } from './report.ts';
import type { CaseResult, Measurement, Results } from './results.ts';

/** The results as Markdown for the docs. */
export const resultsMarkdown = (results: Results): string => {
  const { machine, versions, leftOut, memoryMb } = results;
  const engines = Object.entries(versions).map(
    ([contender, own]) =>
      `${contender}: ${Object.entries(own)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}`,
  );
  return [
    `Measured on ${results.measuredAt.slice(0, 10)}${machine.commit === undefined ? '' : ` at commit \`${machine.commit}\``}: ` +
      `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.os} ${machine.arch}. ` +
      `One step of duckstep had ${memoryMb === undefined ? 'its default memory' : `${memoryMb} MB`}.`,
    '',
    ...engines.map((line) => `- ${line}`),
    ...leftOut.map((reason) => `- ${reason}`),
    '',
    '![Wall time](bench/time.svg)',
    '',
    '![Peak memory](bench/memory.svg)',
    '',
    ...overview(results.cases),
    '',
    ...chartedCases(results.cases).flatMap((each) => [...caseTable(each), '']),
  ]
    .join('\n')
    .trimEnd();
};

/** One line per case: the baseline in seconds, the others as multiples of it. */
const overview = (cases: readonly CaseResult[]): string[] => {
  const measured = CONTENDERS.filter((name) =>
    cases.some(({ measurements }) => measurements.some(({ contender }) => contender === name)),
  );
  const others = measured.filter((name) => name !== 'baseline');
  const cell = (measurement: Measurement | undefined): string => {
    if (measurement === undefined) return '';
    if (measurement.failure !== undefined) return 'failed';
    if (measurement.contender === 'baseline' || measurement.ratio === undefined)
      return seconds(measurement.wallMs);
    return measurement.ratio.toFixed(2);
  };
  return [
    `| | baseline, s | ${others.map((name) => `${name} ×`).join(' | ')} |`,
    `|---|${'---:|'.repeat(others.length + 1)}`,
    ...cases.map((each) => {
      const of = (name: Measurement['contender']): string =>
        cell(each.measurements.find(({ contender }) => contender === name));
      return `| ${[caseName(each), of('baseline'), ...others.map(of)].join(' | ')} |`;
    }),
  ];
};

const caseTable = (each: CaseResult): string[] => [
  `**${caseName(each)}** (${megabytes(each.bytes)} MB${rowsOf(each)})`,
  '',
  '| | wall, s | × baseline | without process start, s | CPU, s | peak MB |',
  '|---|---:|---:|---:|---:|---:|',
  ...each.measurements.map(row),
  ...each.measurements.flatMap(({ contender, storage }) =>
    storage === undefined
      ? []
      : [
          '',
          `${contender}: ${storage.requests} requests to storage, ${megabytes(storage.bytesRead)} MB read, ${megabytes(storage.bytesWritten)} MB written.`,
        ],
  ),
  ...each.differences.flatMap((difference) => ['', `Different: ${difference.split('\n')[0]}`]),
];

const rowsOf = ({ measurements }: CaseResult): string => {
  const rows = measurements.find((measurement) => measurement.rows !== undefined)?.rows;
  if (rows === undefined) return '';
  const [read, rejected, duplicates] = [rows.read, rows.rejected, rows.duplicates].map((n) =>
    n.toLocaleString('en-US'),
  );
  return `, ${read} rows: ${rejected} rejected, ${duplicates} duplicates`;
};

const row = (measurement: Measurement): string => {
  const { contender, failure, ratio } = measurement;
  const cells =
    failure === undefined
      ? [
          seconds(measurement.wallMs),
          ratio === undefined ? '' : ratio.toFixed(2),
          seconds(measurement.inProcessMs),
          seconds(measurement.cpuMs),
          Math.round(measurement.peakMb).toLocaleString('en-US'),
        ]
      : [failure.split('\n')[0] ?? '', '', '', '', ''];
  return `| ${[contender, ...cells].join(' | ')} |`;
};

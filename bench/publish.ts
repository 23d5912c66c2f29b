import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Bar, drawChart } from './chart.ts';
import { chartedCases } from './charted.ts';
import { CONTENDERS } from './contender.ts';
import { resultsMarkdown } from './markdown.ts';
import { ROOT } from './paths.ts';
import { caseName } from './plan.ts';
import { seconds } from './report.ts';
import type { Measurement, Results } from './results.ts';

const MARKERS = { from: '<!-- results -->', to: '<!-- /results -->' } as const;

/**
 * Replaces the text between two markers.
 *
 * @throws RangeError when the markers are missing or in the wrong order
 */
export const between = (text: string, body: string, { from, to }: typeof MARKERS = MARKERS): string => {
  const [start, end] = [text.indexOf(from), text.indexOf(to)];
  if (start < 0 || end < start) throw new RangeError(`there is no ${from} … ${to}`);
  return `${text.slice(0, start + from.length)}\n${body}\n${text.slice(end)}`;
};

const bar = ({ contender, failure }: Measurement, value: number | undefined, note: string): Bar => ({
  label: contender,
  colour: CONTENDERS.indexOf(contender),
  ...(failure === undefined ? { ...(value !== undefined && { value }), note } : { note: 'failed' }),
});

const timeNote = ({ ratio, wallMs }: Measurement): string =>
  [...(ratio === undefined ? [] : [`${ratio.toFixed(2)} ×`]), `${seconds(wallMs)} s`].join(' · ');

/** Wall time and peak memory of the charted cases, as SVG by file name. */
export const charts = (results: Results): Record<string, string> => {
  const { cpu, cores, memoryGb } = results.machine;
  const subtitle = `Medians on ${cores} cores of ${cpu}, ${memoryGb} GB; whole process trees; shorter is better`;
  const groups = (of: (measurement: Measurement) => Bar) =>
    chartedCases(results.cases).map((each) => ({ title: caseName(each), bars: each.measurements.map(of) }));
  return {
    'time.svg': drawChart({
      title: 'Raw file to silver and gold, wall time as a multiple of one hand-written DuckDB script',
      subtitle,
      limit: SCALE_LIMIT,
      groups: groups((measurement) => bar(measurement, measurement.ratio, timeNote(measurement))),
    }),
    'memory.svg': drawChart({
      title: 'Raw file to silver and gold, peak memory',
      subtitle,
      groups: groups((measurement) =>
        bar(measurement, measurement.peakMb, `${Math.round(measurement.peakMb).toLocaleString('en-US')} MB`),
      ),
    }),
  };
};

/** Keeps one slow contender on a small file from flattening all other bars. */
const SCALE_LIMIT = 20;

/** Writes `docs/bench/results.json`, the charts, and the tables of `docs/performance.md`. */
export const publish = (results: Results, docs = path.join(ROOT, 'docs')): void => {
  const folder = path.join(docs, 'bench');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  for (const [name, svg] of Object.entries(charts(results))) writeFileSync(path.join(folder, name), svg);
  const page = path.join(docs, 'performance.md');
  writeFileSync(page, between(readFileSync(page, 'utf8'), resultsMarkdown(results)));
};

import { caseName } from './plan.ts';
import type { CaseResult, Measurement } from './results.ts';

const HEADER = ['', 'wall s', '× baseline', 'without start s', 'cpu s', 'peak MB', '  storage'];
const WIDTHS = [14, 9, 12, 17, 9, 9, 0];

/** One case as lines of a table for the terminal. */
export const caseLines = (result: CaseResult): string[] => [
  `${caseName(result)}, ${(result.bytes / 1e6).toFixed(1)} MB`,
  line(HEADER),
  ...result.measurements.map(measurementLine),
  ...result.differences.flatMap((difference) => difference.split('\n').map((text) => `! ${text}`)),
];

const measurementLine = (measurement: Measurement): string => {
  const { contender, failure, ratio, storage } = measurement;
  if (failure !== undefined) return `  ${contender.padEnd(12)} FAILED: ${failure}`;
  return line([
    `  ${contender}`,
    seconds(measurement.wallMs),
    ratio === undefined ? '' : ratio.toFixed(2),
    seconds(measurement.inProcessMs),
    seconds(measurement.cpuMs),
    Math.round(measurement.peakMb).toString(),
    storage === undefined
      ? ''
      : `  ${storage.requests} requests, ${megabytes(storage.bytesRead)} MB read, ${megabytes(storage.bytesWritten)} MB written`,
  ]);
};

const line = (cells: readonly string[]): string =>
  cells
    .map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[i] ?? 0) : cell.padStart(WIDTHS[i] ?? 0)))
    .join('')
    .trimEnd();

export const seconds = (ms: number): string => (ms / 1000).toFixed(2);

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

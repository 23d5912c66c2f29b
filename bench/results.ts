import type { ContenderName } from './contender.ts';
import type { ContenderResult, RowCounts } from './job.ts';
import type { Machine } from './machine.ts';
import type { Case } from './plan.ts';
import type { Round } from './round.ts';
import { median, spread } from './statistics.ts';

/** One contender's result for one case: medians over its rounds. */
export interface Measurement {
  contender: ContenderName;
  rounds: number;
  wallMs: number;
  /** Longest minus shortest round, divided by the median. */
  wallSpread: number;
  /** Without the start of the process. */
  inProcessMs: number;
  /** User and system time of the whole process tree. */
  cpuMs: number;
  /** Maximum of all rounds, in MB of 2^20 bytes. */
  peakMb: number;
  /** Wall time divided by the baseline's; undefined without a baseline. */
  ratio?: number;
  rows?: RowCounts;
  storage?: NonNullable<ContenderResult['storage']>;
  /** Reason of the first failed round; the numbers are then meaningless. */
  failure?: string;
}

export interface CaseResult extends Case {
  bytes: number;
  measurements: Measurement[];
  /** Sentences; empty if all contenders produced the same tables. */
  differences: string[];
}

/** All results of one run, as stored in `docs/bench/`. */
export interface Results {
  measuredAt: string;
  machine: Machine;
  /** Versions of engines and their runtimes, by contender. */
  versions: Partial<Record<ContenderName, Record<string, string>>>;
  /** Contenders that could not run here, with the reason. */
  leftOut: string[];
  /** MB for one step of duckstep; undefined for its own default. */
  memoryMb?: number;
  cases: CaseResult[];
}

/** Medians of a contender's rounds. */
export const summarise = (contender: ContenderName, rounds: readonly Round[]): Measurement => {
  const failed = rounds.find(({ failure }) => failure !== undefined);
  const last = rounds.at(-1)?.result;
  const walls = rounds.map(({ wallMs }) => wallMs);
  return {
    contender,
    rounds: rounds.length,
    wallMs: median(walls),
    wallSpread: spread(walls),
    inProcessMs: median(rounds.flatMap(({ result }) => result?.inProcessMs ?? [])),
    cpuMs: median(rounds.map(({ cpuMs }) => cpuMs)),
    peakMb: Math.max(...rounds.map(({ peakMb }) => peakMb)),
    ...(last !== undefined && { rows: last.rows }),
    ...(last?.storage !== undefined && { storage: last.storage }),
    ...(failed?.failure !== undefined && { failure: failed.failure }),
  };
};

/** Adds each contender's ratio to the baseline's wall time. */
export const withRatios = (measurements: readonly Measurement[]): Measurement[] => {
  const baseline = measurements.find(
    ({ contender, failure }) => contender === 'baseline' && failure === undefined,
  );
  return measurements.map((measurement) =>
    baseline === undefined || measurement.failure !== undefined
      ? measurement
      : { ...measurement, ratio: measurement.wallMs / baseline.wallMs },
  );
};

import { UsageError } from '../../shared/errors.ts';
import { PART_BYTES } from '../../shared/lake/storage/s3-download.ts';
import { consumed, transitionsOn } from '../../shared/run/consumption.ts';
import type { Usage } from '../../shared/run/payload.ts';
import { type Consumption, estimateCost, PRICES } from '../../shared/run/prices.ts';
import type { Measured } from './measured.ts';

/** What a comparison takes for granted; every table and the command print it. */
export const ASSUMPTIONS = {
  /** How long S3 takes to answer, in ms; requests of a run mostly wait for each other. */
  s3AnswerMs: 20,
  /** How fast a function moves bytes from and to S3, in MB (10^6) a second. */
  s3MbPerSecond: 75,
  /** Requests to the Glue Data Catalog of a run: a look and an update for silver and for one gold table. */
  catalogRequests: 4,
  /** Share of invocations that start a function anew, and what that takes, in ms. */
  coldShare: 0.05,
  coldMs: 1_000,
  /** Glue's Spark job: its least, and how much CSV it works through, in MB a second; starting up is not charged. */
  sparkDpus: 2,
  sparkMbPerSecond: 50,
  sparkFixedSeconds: 30,
  /** The smaller of the two Python shells, and how much CSV one gets through. */
  shellDpus: 0.0625,
  shellMbPerSecond: 5,
  shellFixedSeconds: 10,
  /** A crawl, of two DPUs. */
  crawlerDpus: 2,
  crawlerSeconds: 60,
} as const;

/** Glue charges at least so long, in seconds. */
export const GLUE_MINIMUM = { job: 60, crawler: 600 } as const;

/** Largest file that a Python shell of 1/16 DPU, which has 1 GB of memory, is assumed to get through, in bytes. */
export const SHELL_LIMIT_BYTES = 100e6;

/** Dollars of one file, each way. */
export interface Comparison {
  duckstep: number;
  /** Spark jobs that take one file each. */
  spark: number;
  /** Spark jobs that take a whole day's files each. */
  sparkDaily: number;
  /** Undefined where the file is too large for it. */
  shell: number | undefined;
  /** One crawl a day, by file. */
  crawlerDaily: number;
}

/** Dollars of a Glue job or crawler: so many DPUs, by the second, at least the minimum. */
export const glueCost = (dpus: number, seconds: number, minimumSeconds: number): number =>
  (dpus * Math.max(minimumSeconds, seconds) * PRICES.glueDpuHour) / 3600;

/** S3 is asked for large objects in parts, of which a folder knows nothing; begun and completed are two more. */
const parts = (bytes: number): { reads: number; writes: number } => {
  const more = Math.floor(bytes / PART_BYTES);
  return { reads: more, writes: more === 0 ? 0 : more + 2 };
};

/**
 * What one state is taken to use on AWS: what was measured, S3's time and its requests for parts, which do not wait for
 * each other, and a share of cold starts.
 */
export const onAws = (usage: Usage): Usage => {
  const { s3AnswerMs, s3MbPerSecond, coldShare, coldMs } = ASSUMPTIONS;
  const moved = (usage.bytes_read + usage.bytes_written) / 1e6;
  const waited = usage.requests * s3AnswerMs + (moved / s3MbPerSecond) * 1000;
  return {
    ...usage,
    duration_ms: usage.duration_ms + waited,
    init_ms: coldShare * coldMs,
    requests_write: (usage.requests_write ?? 0) + parts(usage.bytes_written).writes,
    requests_read: (usage.requests_read ?? 0) + parts(usage.bytes_read).reads,
  };
};

/** What a file of a size that was measured uses of what AWS charges for: loaded, no rows refused. */
export const consumptionOf = (states: Readonly<Record<string, Usage>>): Consumption => {
  const used = consumed(Object.values(states).map(onAws));
  const transitions = transitionsOn({ tasks: used.invocations, judged: true, loaded: true });
  return {
    ...used,
    transitions,
    catalogRequests: used.catalogRequests + ASSUMPTIONS.catalogRequests,
  };
};

/** Dollars of a file of any size: straight lines between the measured ones, and the last one beyond them. */
export const duckstepCost = ({ sizes }: Pick<Measured, 'sizes'>, bytes: number): number => {
  const points = sizes.map((size) => ({ bytes: size.bytes, usd: estimateCost(consumptionOf(size.states)) }));
  const [first] = points;
  if (first === undefined)
    throw new UsageError('docs/costs.json holds no measurements: npx node scripts/cost-table.ts');
  if (bytes <= first.bytes || points.length === 1) return first.usd;
  const found = points.findIndex((point) => point.bytes >= bytes);
  const upper = found < 0 ? points.length - 1 : found;
  const [low, high] = [points[upper - 1], points[upper]] as [typeof first, typeof first];
  return low.usd + ((high.usd - low.usd) * (bytes - low.bytes)) / (high.bytes - low.bytes);
};

/** Compares the ways for so many files a day of so many bytes each. @throws UsageError for what is no such number */
export const compare = (
  measured: Pick<Measured, 'sizes'>,
  { bytes, filesPerDay }: { bytes: number; filesPerDay: number },
): Comparison => {
  if (!(bytes > 0) || !(filesPerDay > 0))
    throw new UsageError('A comparison takes a size and a number of files a day, both above 0.');
  const { sparkDpus, sparkMbPerSecond, sparkFixedSeconds } = ASSUMPTIONS;
  const { shellDpus, shellMbPerSecond, shellFixedSeconds, crawlerDpus, crawlerSeconds } = ASSUMPTIONS;
  const spark = (mb: number): number =>
    glueCost(sparkDpus, sparkFixedSeconds + mb / sparkMbPerSecond, GLUE_MINIMUM.job);
  const mb = bytes / 1e6;
  return {
    duckstep: duckstepCost(measured, bytes),
    spark: spark(mb),
    sparkDaily: spark(mb * filesPerDay) / filesPerDay,
    shell:
      bytes > SHELL_LIMIT_BYTES
        ? undefined
        : glueCost(shellDpus, shellFixedSeconds + mb / shellMbPerSecond, GLUE_MINIMUM.job),
    crawlerDaily: glueCost(crawlerDpus, crawlerSeconds, GLUE_MINIMUM.crawler) / filesPerDay,
  };
};

import { UsageError } from '../../shared/errors.ts';
import { PART_BYTES } from '../../shared/lake/storage/s3-download.ts';
import { consumed, transitionsOn } from '../../shared/run/consumption.ts';
import type { Usage } from '../../shared/run/payload.ts';
import { type Consumption, estimateCost, PRICES } from '../../shared/run/prices.ts';
import type { Measured } from './measured.ts';

/** The assumptions of a comparison; every table and the command print them. */
export const ASSUMPTIONS = {
  /** Latency of S3 in ms; the requests of a run mostly wait for each other. */
  s3AnswerMs: 20,
  /** Throughput of a function from and to S3, in MB (10^6 bytes) a second. */
  s3MbPerSecond: 75,
  /** Requests of a run to the Glue Data Catalog: a read and an update for silver and for one gold table. */
  catalogRequests: 4,
  /** Share of invocations that are cold starts, and their duration in ms. */
  coldShare: 0.05,
  coldMs: 1_000,
  /** Glue's smallest Spark job, and the CSV that it processes in MB a second; its start is not charged. */
  sparkDpus: 2,
  sparkMbPerSecond: 50,
  sparkFixedSeconds: 30,
  /** The smaller of the two Python shells, and the CSV that it processes in MB a second. */
  shellDpus: 0.0625,
  shellMbPerSecond: 5,
  shellFixedSeconds: 10,
  /** A crawl, of two DPUs. */
  crawlerDpus: 2,
  crawlerSeconds: 60,
} as const;

/** The shortest time that Glue charges, in seconds. */
export const GLUE_MINIMUM = { job: 60, crawler: 600 } as const;

/** Largest file that a Python shell of 1/16 DPU, which has 1 GB of memory, is assumed to get through, in bytes. */
export const SHELL_LIMIT_BYTES = 100e6;

/** Dollars per file, for each way to process it. */
export interface Comparison {
  duckstep: number;
  /** One Spark job for each file. */
  spark: number;
  /** One Spark job a day, for all files of that day. */
  sparkDaily: number;
  /** One Python shell for each file; undefined where the file is too large for it. */
  shell: number | undefined;
  /** One crawl a day, divided by the files of that day. */
  crawlerDaily: number;
}

/** Dollars of a Glue job or crawler: DPUs times seconds, of which at least the minimum is charged. */
export const glueCost = (dpus: number, seconds: number, minimumSeconds: number): number =>
  (dpus * Math.max(minimumSeconds, seconds) * PRICES.glueDpuHour) / 3600;

/** Requests for the parts of a large object, which a folder does not make; two more begin and complete an upload. */
const parts = (bytes: number): { reads: number; writes: number } => {
  const more = Math.floor(bytes / PART_BYTES);
  return { reads: more, writes: more === 0 ? 0 : more + 2 };
};

/**
 * The assumed usage of one state on AWS: the measured one, S3's latency and its requests for parts, which do not wait for
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

/** The consumption of a measured file that is loaded with no row rejected. */
export const consumptionOf = (states: Readonly<Record<string, Usage>>): Consumption => {
  const used = consumed(Object.values(states).map(onAws));
  const transitions = transitionsOn({ tasks: used.invocations, judged: true, loaded: true });
  return {
    ...used,
    transitions,
    catalogRequests: used.catalogRequests + ASSUMPTIONS.catalogRequests,
  };
};

/** Dollars for a file of any size: interpolated between measured sizes, extrapolated beyond the last one. */
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

/**
 * Compares the ways to process `filesPerDay` files of `bytes` each.
 *
 * @throws UsageError unless both are above 0
 */
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

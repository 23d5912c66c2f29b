import { z } from 'zod';

/** Processors, by the names that Lambda's price list uses. */
export const ARCHITECTURES = ['arm64', 'x86_64'] as const;
export const Architecture = z.enum(ARCHITECTURES);
export type Architecture = z.infer<typeof Architecture>;

/** Region and date of the prices below. Prices of other regions differ by up to a half. */
export const PRICED = {
  region: 'us-east-1',
  regionName: 'US East (N. Virginia)',
  /** Date of the last comparison with public sources. */
  checked: '2026-11-21',
  currency: 'USD',
} as const;

/** On-demand prices of the first tier, without free tiers and savings plans. `PRICE_SOURCES` names the source of each. */
export const PRICES = {
  /** Lambda, per GB of memory and second, including start-up time. */
  lambdaGbSecond: { arm64: 0.0000133334, x86_64: 0.0000166667 },
  /** Lambda, per GB of `/tmp` above the 512 MB that are free, and second. */
  lambdaStorageGbSecond: 0.0000000309,
  /** Lambda, per invocation. */
  lambdaRequest: 0.0000002,
  /** Step Functions Standard, per state transition, retries included. */
  stateTransition: 0.000025,
  /** S3 Standard, per PUT, COPY, POST or LIST. */
  s3Write: 0.000005,
  /** S3 Standard, per GET, HEAD and all others; DELETE is free. */
  s3Read: 0.0000004,
  /** Glue Data Catalog, per request. */
  glueCatalogRequest: 0.000001,
  /** EventBridge, per event of an AWS service, such as S3. */
  eventBridgeEvent: 0,
  /** Glue jobs and crawlers, per DPU and hour, by the second. */
  glueDpuHour: 0.44,
} as const;

export interface PriceSource {
  /** Names in `PRICES`. */
  prices: readonly (keyof typeof PRICES)[];
  page: string;
  /** The facts that a stored copy of the page, or of pages that quote it, confirms. */
  confirmed: string;
}

export const PRICE_SOURCES: readonly PriceSource[] = [
  {
    prices: ['lambdaGbSecond', 'lambdaRequest'],
    page: 'https://aws.amazon.com/lambda/pricing/',
    confirmed:
      'The page confirms the billing rules. Only third parties that quote the numbers confirm them, because a script fills them into the page. Start-up time is billed since 2025-08-01 according to the AWS Compute Blog ("AWS Lambda standardizes billing for INIT Phase").',
  },
  {
    prices: ['lambdaStorageGbSecond'],
    page: 'https://aws.amazon.com/lambda/pricing/',
    confirmed:
      'The page confirms that 512 MB are free and that the rest is billed by GB and second, but not the number.',
  },
  {
    prices: ['stateTransition'],
    page: 'https://aws.amazon.com/step-functions/pricing/',
    confirmed:
      'The page confirms the number, and that retries count. It does not confirm that the end of an execution counts as one more transition; it is counted here to keep the estimate from being too low.',
  },
  {
    prices: ['s3Write', 's3Read'],
    page: 'https://aws.amazon.com/s3/pricing/',
    confirmed: 'Only third parties that quote the numbers confirm them.',
  },
  {
    prices: ['glueCatalogRequest'],
    page: 'https://aws.amazon.com/glue/pricing/',
    confirmed:
      'Third parties that quote the number (May 2026) confirm it. The first million a month is free; the estimate ignores this.',
  },
  {
    prices: ['glueDpuHour'],
    page: 'https://aws.amazon.com/glue/pricing/',
    confirmed:
      'A translation of the page confirms the number. Third parties (May 2026) confirm the minimum of one minute for jobs and of ten for crawlers; older copies of the page also say ten minutes for jobs, which applied to Glue 0.9 and 1.0.',
  },
  {
    prices: ['eventBridgeEvent'],
    page: 'https://aws.amazon.com/eventbridge/pricing/',
    confirmed: 'Third parties that quote the number (June 2026) confirm it.',
  },
];

/** Amounts of the items that AWS charges for. */
export interface Consumption {
  /** GB of memory × seconds. */
  gbSeconds: number;
  /** GB of `/tmp` above the free 512 MB × seconds. */
  storageGbSeconds: number;
  architecture: Architecture;
  invocations: number;
  transitions: number;
  s3Writes: number;
  s3Reads: number;
  catalogRequests: number;
}

export const NOTHING: Readonly<Consumption> = {
  gbSeconds: 0,
  storageGbSeconds: 0,
  architecture: 'arm64',
  invocations: 0,
  transitions: 0,
  s3Writes: 0,
  s3Reads: 0,
  catalogRequests: 0,
};

/** Estimated cost in USD, without storage, logs, traces, and data that leaves the region. */
export const estimateCost = (used: Consumption): number =>
  used.gbSeconds * PRICES.lambdaGbSecond[used.architecture] +
  used.storageGbSeconds * PRICES.lambdaStorageGbSecond +
  used.invocations * PRICES.lambdaRequest +
  used.transitions * PRICES.stateTransition +
  used.s3Writes * PRICES.s3Write +
  used.s3Reads * PRICES.s3Read +
  used.catalogRequests * PRICES.glueCatalogRequest;

/**
 * What a run costs on AWS, for the estimate in its run record. US East (N. Virginia), on-demand, without free
 * tiers, in USD; from the public price pages of AWS Lambda, AWS Step Functions and Amazon S3 as of 2025-07.
 */
export const PRICES = {
  /** Lambda on arm64, per GB-second. */
  lambdaGbSecond: 0.0000133334,
  /** Lambda, per request. */
  lambdaRequest: 0.0000002,
  /** Step Functions Standard, per state transition. */
  stateTransition: 0.000025,
  /** S3 Standard, per request: the price of a PUT, though most are cheaper GETs. */
  s3Request: 0.000005,
} as const;

export interface Consumption {
  gbSeconds: number;
  invocations: number;
  transitions: number;
  requests: number;
}

/** An upper estimate, in USD: every storage request is priced as a PUT; storage itself is not in it. */
export const estimateCost = (used: Consumption): number =>
  used.gbSeconds * PRICES.lambdaGbSecond +
  used.invocations * PRICES.lambdaRequest +
  used.transitions * PRICES.stateTransition +
  used.requests * PRICES.s3Request;

import { z } from 'zod';

/**
 * How an execution has gone back to Validate, because its contract changed. It is a part of the input of the next Validate.
 */
export const Restarts = z.object({
  /** Fingerprint of the contract that the last Validate judged the file by. */
  contract_fingerprint: z.string(),
  /** When the last Validate began; ISO 8601. */
  validated_at: z.string(),
  /** How often in a row Validate had the same contract as the time before: going back was in vain. */
  in_vain: z.number(),
  /** How long it took from the Validate before to the last one. 0 for the first one. */
  round_ms: z.number(),
  /** How long to wait before the next Validate. */
  wait_seconds: z.number(),
});
export type Restarts = z.infer<typeof Restarts>;

/**
 * The waits before the next Validate, by how often going back was in vain: not at all at first, then for as long as a
 * deployment takes to update all functions, four minutes in all. Without a wait a small file would go round every second.
 */
const WAITS = [0, 15, 30, 60, 120];

/** Validate hands this on to the next round. */
export const nextRestarts = (before: Restarts | undefined, fingerprint: string, now: Date): Restarts => {
  const again = before?.contract_fingerprint === fingerprint;
  const in_vain = before !== undefined && again ? before.in_vain + 1 : 0;
  return {
    contract_fingerprint: fingerprint,
    validated_at: now.toISOString(),
    in_vain,
    round_ms: before === undefined ? 0 : Math.max(0, now.getTime() - Date.parse(before.validated_at)),
    wait_seconds: WAITS[Math.min(in_vain, WAITS.length - 1)] ?? 0,
  };
};

/**
 * Until when a state that finds another contract than Validate gives up, instead of going back once more: as long after
 * Validate as the round before took. Only a redrive comes later, and may find that all functions have one contract now.
 * Undefined as long as there are rounds left.
 */
export const stuckUntil = ({ in_vain, round_ms, validated_at }: Restarts): Date | undefined =>
  in_vain < WAITS.length ? undefined : new Date(Date.parse(validated_at) + round_ms);

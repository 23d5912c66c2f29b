import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { compare, describeDifference, type Outcome } from './compare.ts';
import type { Contender, ContenderName } from './contender.ts';
import { CACHE } from './paths.ts';
import { type Case, inputOf } from './plan.ts';
import { type CaseResult, summarise, withRatios } from './results.ts';
import { type Round, runRound } from './round.ts';
import { workSpec } from './work-spec.ts';

export interface RunOptions {
  rounds: number;
  /** A contender with a longer first round runs only once, except those in `alwaysRepeated`. */
  repeatBelowMs: number;
  alwaysRepeated: readonly ContenderName[];
  timeoutMs: number;
  memoryMb?: number;
  /** Called before each round. */
  progress: (text: string) => void;
}

/**
 * Measures all contenders on one case, in turn: each once per round, which spreads other load of the machine over all of
 * them. Then compares their results.
 */
export const runCase = async (
  each: Case,
  contenders: readonly Contender[],
  { rounds: count, repeatBelowMs, alwaysRepeated, timeoutMs, memoryMb, progress }: RunOptions,
): Promise<{ result: CaseResult; rounds: Map<ContenderName, Round[]> }> => {
  const input = await inputOf(each);
  const spec = await workSpec(each.dataset);
  const runs = path.join(CACHE, `runs-${process.pid}`);
  const rounds = new Map<ContenderName, Round[]>(contenders.map(({ name }) => [name, []]));
  const clean = (): void => rmSync(runs, { recursive: true, force: true });
  process.once('exit', clean);
  try {
    for (let round = 1; round <= count; round += 1)
      for (const contender of contenders) {
        const own = rounds.get(contender.name) ?? [];
        const mostMs = alwaysRepeated.includes(contender.name) ? Number.POSITIVE_INFINITY : repeatBelowMs;
        // A contender that failed once will fail again, and that may take long.
        if (own.some(({ failure, wallMs }) => failure !== undefined || wallMs > mostMs)) continue;
        progress(`round ${round} of ${count}: ${contender.name}`);
        flush();
        own.push(
          await runRound(contender, input, spec, {
            folder: path.join(runs, contender.name),
            timeoutMs,
            ...(memoryMb !== undefined && { memoryMb }),
          }),
        );
      }
    progress('comparing');
    const outcomes = contenders.flatMap(({ name, lake = false }): Outcome[] => {
      const last = rounds.get(name)?.at(-1)?.result;
      return last === undefined
        ? []
        : [{ contender: name, folder: path.join(runs, name), lake, rows: last.rows }];
    });
    const reference = outcomes.find(({ contender }) => contender === 'baseline') ?? outcomes[0];
    const others = outcomes.filter((outcome) => outcome !== reference);
    const differences = reference === undefined ? [] : await compare(spec, reference, others);
    const measurements = contenders.map(({ name }) => summarise(name, rounds.get(name) ?? []));
    const result: CaseResult = {
      ...each,
      bytes: input.bytes,
      measurements: withRatios(measurements),
      differences: differences.map(describeDifference),
    };
    return { result, rounds };
  } finally {
    process.off('exit', clean);
    clean();
  }
};

/** Writes the last contender's output to disk before the next one starts. */
const flush = (): void => {
  if (process.platform !== 'win32') execFileSync('sync');
};

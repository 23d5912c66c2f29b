import type { Round } from './round.ts';
import { median } from './statistics.ts';

/** A contender's phases in their order as lines of a table, medians over rounds. */
export const stepLines = (contender: string, rounds: readonly Round[]): string[] => {
  const done = rounds.flatMap(({ result }) => result ?? []);
  const names = [...new Set(done.flatMap(({ phases }) => phases.map(({ name }) => name)))];
  const lines = names.map((name) => {
    const phases = done.flatMap((result) => result.phases.filter((phase) => phase.name === name));
    const peaks = phases.flatMap(({ peakMb }) => peakMb ?? []);
    return line(
      `${contender} ${name}`,
      median(phases.map(({ wallMs }) => wallMs)),
      median(phases.map(({ cpuMs }) => cpuMs)),
      peaks.length === 0 ? undefined : median(peaks),
    );
  });
  const all = (of: (round: Round) => number): number => median(rounds.map(of));
  return [
    ...lines,
    line(`${contender} without start`, median(done.map(({ inProcessMs }) => inProcessMs))),
    line(
      `${contender} in all`,
      all(({ wallMs }) => wallMs),
      all(({ cpuMs }) => cpuMs),
      all(({ peakMb }) => peakMb),
    ),
  ];
};

export const STEPS_HEADER = `${''.padEnd(28)}${'wall ms'.padStart(10)}${'cpu ms'.padStart(10)}${'peak MB'.padStart(10)}`;

const cell = (value: number | undefined): string =>
  (value === undefined ? '' : Math.round(value).toString()).padStart(10);

const line = (name: string, wallMs: number, cpuMs?: number, peakMb?: number): string =>
  `${name.padEnd(28)}${cell(wallMs)}${cell(cpuMs)}${cell(peakMb)}`;

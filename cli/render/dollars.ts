import type { ExecutionCost } from '../../operate/execution-cost.ts';

/** Dollars to three digits, however small, never in powers of ten: `$0.000421`, `$12.3`, `$1,230`. */
export const dollars = (usd: number): string =>
  usd === 0
    ? '$0'
    : `$${usd.toLocaleString('en-US', { maximumSignificantDigits: 3, maximumFractionDigits: 20 })}`;

/** The cost of executions: `$0.000421`, or `at least $0.000421` where a part is unknown. */
export const costText = ({ usd, at_least }: Pick<ExecutionCost, 'usd' | 'at_least'>): string =>
  `${at_least ? 'at least ' : ''}${dollars(usd)}`;

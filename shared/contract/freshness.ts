import type { Column } from './model.ts';
import { OdcsSla } from './odcs.ts';
import type { Place } from './problems.ts';
import { readShape } from './shape.ts';

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

const UNITS: Readonly<Record<string, number>> = {
  ...{ s: SECONDS.s, second: SECONDS.s, seconds: SECONDS.s },
  ...{ m: SECONDS.m, min: SECONDS.m, minute: SECONDS.m, minutes: SECONDS.m },
  ...{ h: SECONDS.h, hr: SECONDS.h, hour: SECONDS.h, hours: SECONDS.h },
  ...{ d: SECONDS.d, day: SECONDS.d, days: SECONDS.d },
  ...{ w: SECONDS.w, week: SECONDS.w, weeks: SECONDS.w },
};

export interface Freshness {
  column: string;
  maxAgeSeconds: number;
}

/** The `freshness` among the service levels. All others are agreements between people and are not evaluated. */
export const readFreshness = (
  raw: readonly unknown[],
  dataset: string,
  columns: readonly Column[],
  place: Place,
): Freshness | undefined => {
  let freshness: Freshness | undefined;
  for (const [i, item] of raw.entries()) {
    const at = place.at(i);
    const sla = readShape(OdcsSla, item, at);
    if (sla?.property !== 'freshness') continue;
    if (freshness !== undefined) at.say('duplicate freshness; keep one');
    const name = sla.element?.startsWith(`${dataset}.`) ? sla.element.slice(dataset.length + 1) : undefined;
    const column = columns.find((known) => known.name === name && known.derivedFrom === undefined);
    const age = typeof sla.value === 'boolean' ? Number.NaN : Number(sla.value ?? Number.NaN);
    const seconds = UNITS[sla.unit ?? 'd'];
    if (column === undefined || !['date', 'timestamp'].includes(column.logicalType))
      at.at('element').expected(`${dataset}.<a date or timestamp column of the source>`, sla.element);
    if (!(age > 0)) at.at('value').expected('a number above 0', sla.value);
    if (seconds === undefined) at.at('unit').expected(`one of ${Object.keys(UNITS).join(', ')}`, sla.unit);
    if (column !== undefined && age > 0 && seconds !== undefined)
      freshness = { column: column.name, maxAgeSeconds: age * seconds };
  }
  return freshness;
};

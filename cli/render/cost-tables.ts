import { compare, consumptionOf } from '../../operate/cost/compare.ts';
import type { Measured } from '../../operate/cost/measured.ts';
import { estimateCost, PRICE_SOURCES, PRICED, PRICES } from '../../shared/run/prices.ts';
import { dollars } from './dollars.ts';

/** The tables of `docs/costs.md`, by the names of their markers. */
export const costTables = (measured: Measured): Record<string, string> => ({
  sizes: sizes(measured),
  glue: glue(measured),
  prices: prices(),
});

/** The page with each table between its markers, `<!-- sizes -->` and `<!-- /sizes -->`. */
export const withTables = (page: string, tables: Readonly<Record<string, string>>): string => {
  let text = page;
  for (const [name, table] of Object.entries(tables)) {
    const [from, to] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [start, end] = [text.indexOf(from), text.indexOf(to)];
    if (start < 0 || end < start) throw new RangeError(`there is no ${from} … ${to}`);
    text = `${text.slice(0, start + from.length)}\n\n${table}\n\n${text.slice(end)}`;
  }
  return text;
};

const table = (names: readonly string[], rows: readonly (readonly string[])[]): string =>
  [names, names.map((_, i) => (i === 0 ? '---' : '--:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

const sizes = ({ sizes, measured, machine, load }: Measured): string => {
  const rows = sizes.map(({ label, states }) => {
    const usages = Object.values(states);
    const used = consumptionOf(states);
    const sum = usages.reduce((total, { duration_ms }) => total + duration_ms, 0);
    const usd = estimateCost(used);
    return [
      label,
      `${(sum / 1000).toFixed(2)} s`,
      used.gbSeconds.toFixed(2),
      used.storageGbSeconds.toFixed(1),
      `${used.s3Writes} + ${used.s3Reads}`,
      String(used.transitions),
      dollars(usd),
      dollars(usd * 1000),
    ];
  });
  const names = [
    'File',
    'Measured',
    'GB-s',
    '`/tmp` GB-s',
    'PUT + GET',
    'Transitions',
    'A file',
    'A thousand',
  ];
  return `${table(names, rows)}\n\nMeasured on ${measured}: ${machine}, with a load average of ${load.toFixed(1)}.`;
};

/** The price of another way, and its ratio to ours. */
const against = (usd: number | undefined, ours: number): string =>
  usd === undefined ? '—' : `${dollars(usd)} (${(usd / ours).toPrecision(2)} ×)`;

const FILES_PER_DAY = 100;

const glue = (measured: Measured): string => {
  const rows = measured.sizes.map(({ label, bytes }) => {
    const ways = compare(measured, { bytes, filesPerDay: FILES_PER_DAY });
    const { duckstep } = ways;
    return [
      label,
      dollars(duckstep),
      ...[ways.spark, ways.sparkDaily, ways.shell, ways.crawlerDaily].map((usd) => against(usd, duckstep)),
    ];
  });
  const names = [
    'File',
    'duckstep',
    'Glue Spark, a job a file',
    `one job for a day's ${FILES_PER_DAY}`,
    'Glue Python shell',
    'and one crawl a day',
  ];
  return table(names, rows);
};

const prices = (): string => {
  const shown = (name: keyof typeof PRICES): string => {
    const price = PRICES[name];
    const plain = (usd: number): string => `$${usd.toFixed(12).replace(/\.?0+$/, '')}`;
    return typeof price === 'number'
      ? `\`${name}\` ${plain(price)}`
      : Object.entries(price)
          .map(([of, usd]) => `\`${name}\` ${of} ${plain(usd)}`)
          .join(', ');
  };
  const rows = PRICE_SOURCES.map(({ prices: names, page, confirmed }) => [
    names.map(shown).join('; '),
    `<${page}>`,
    confirmed,
  ]);
  const head = `${PRICED.regionName}, in ${PRICED.currency}, compared on ${PRICED.checked} with public stored copies of these pages:`;
  return `${head}\n\n| Price | Page | Confirmed |\n|---|---|---|\n${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`;
};

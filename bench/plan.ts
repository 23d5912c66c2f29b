import { DATASETS, type Dataset, FORMATS, type Format, GENERATED } from './datasets.ts';
import { generate, type Input, realFlights } from './generate.ts';

const SIZES_MB = [1, 10, 100, 1000] as const;
export const DIRT = ['dirty', 'clean'] as const;

/** The input of one comparison. */
export interface Case {
  dataset: Dataset;
  format: Format;
  dirt: (typeof DIRT)[number];
  /** Size of generated data; undefined for the real file. */
  sizeMb?: number;
}

export interface Choice {
  datasets: readonly Dataset[];
  formats: readonly Format[];
  dirt: readonly (typeof DIRT)[number][];
  sizesMb: readonly number[];
}

export const EVERYTHING: Choice = { datasets: DATASETS, formats: FORMATS, dirt: DIRT, sizesMb: SIZES_MB };

/**
 * All cases of a choice: the real file, then the generated ones by size, and within a size those with a goal first.
 * An interrupted run has therefore measured whole sizes.
 */
export const casesOf = ({ datasets, formats, dirt, sizesMb }: Choice): Case[] => [
  ...(datasets.includes('flights') && formats.includes('parquet')
    ? [{ dataset: 'flights', format: 'parquet', dirt: 'dirty' } as const]
    : []),
  ...sizesMb.flatMap((sizeMb) =>
    DIRT.filter((each) => dirt.includes(each)).flatMap((each) =>
      FORMATS.filter((format) => formats.includes(format)).flatMap((format) =>
        GENERATED.filter((dataset) => datasets.includes(dataset)).map(
          (dataset): Case => ({ dataset, format, dirt: each, sizeMb }),
        ),
      ),
    ),
  ),
];

/**
 * Whether a case belongs to the default suite. At the largest size only dirty CSV does, which has a goal: all cases of that
 * size take three times as long as everything else together.
 */
export const isInSuite = ({ format, dirt, sizeMb }: Case): boolean =>
  sizeMb !== Math.max(...SIZES_MB) || (format === 'csv' && dirt === 'dirty');

/** Every format, every kind of fault and both datasets, in minutes: CSV at 10 MB first, the other formats at 1. */
export const quickOf = (cases: readonly Case[]): Case[] =>
  cases.filter(isQuick).toSorted((a, b) => FORMATS.indexOf(a.format) - FORMATS.indexOf(b.format));

const isQuick = ({ dataset, format, dirt, sizeMb }: Case): boolean =>
  dirt === 'dirty' &&
  (format === 'csv' ? sizeMb === 10 : sizeMb === 1 && dataset === (format === 'ndjson' ? 'narrow' : 'wide'));

/** Small files need more rounds: noise is a larger share of a short run. */
export const roundsFor = ({ sizeMb }: Case): number => (sizeMb !== undefined && sizeMb <= 1 ? 5 : 3);

export const caseName = ({ dataset, format, dirt, sizeMb }: Case): string =>
  sizeMb === undefined ? `${dataset} ${format}` : `${dataset} ${format} ${sizeMb} MB ${dirt}`;

/** The case's file, generated if it does not exist yet. */
export const inputOf = async ({ dataset, format, dirt, sizeMb }: Case): Promise<Input> =>
  dataset === 'flights' || sizeMb === undefined
    ? await realFlights()
    : await generate(dataset, { format, dirty: dirt === 'dirty', sizeMb });

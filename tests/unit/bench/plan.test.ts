import { caseName, casesOf, EVERYTHING, isInSuite, quickOf } from '../../../bench/plan.ts';

test('everything is every dataset in every format, clean and dirty, at four sizes, and the real file', () => {
  const cases = casesOf(EVERYTHING);
  expect(cases).toHaveLength(2 * 3 * 2 * 4 + 1);
  expect(new Set(cases.map(caseName)).size).toBe(cases.length);
  expect(cases[0]).toEqual({ dataset: 'flights', format: 'parquet', dirt: 'dirty' });
  expect(cases.slice(37, 40).map(caseName)).toEqual([
    'narrow csv 1000 MB dirty',
    'wide csv 1000 MB dirty',
    'narrow ndjson 1000 MB dirty',
  ]);
});

test('of the largest size dirty CSV is measured, and what else is asked for', () => {
  const suite = casesOf(EVERYTHING).filter((each) => isInSuite(each));
  expect(suite).toHaveLength(2 * 3 * 2 * 3 + 1 + 2);
  expect(suite.slice(-2).map(caseName)).toEqual(['narrow csv 1000 MB dirty', 'wide csv 1000 MB dirty']);
});

test('a choice leaves out the rest', () => {
  const cases = casesOf({ datasets: ['wide'], formats: ['csv'], dirt: ['dirty'], sizesMb: [1, 5] });
  expect(cases.map(caseName)).toEqual(['wide csv 1 MB dirty', 'wide csv 5 MB dirty']);
});

test('quick has every format and both datasets', () => {
  expect(quickOf(casesOf(EVERYTHING)).map(caseName)).toEqual([
    'narrow csv 10 MB dirty',
    'wide csv 10 MB dirty',
    'narrow ndjson 1 MB dirty',
    'wide parquet 1 MB dirty',
  ]);
});

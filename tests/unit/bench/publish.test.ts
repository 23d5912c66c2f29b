import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chartedCases } from '../../../bench/charted.ts';
import { between, publish } from '../../../bench/publish.ts';
import { type CaseResult, type Results, summarise, withRatios } from '../../../bench/results.ts';
import { ROOT } from '../../helpers/engine.ts';
import { scratch } from '../../helpers/scratch.ts';

const took = (wallMs: number, failure?: string) => ({
  wallMs,
  cpuMs: wallMs,
  peakMb: 1234,
  ...(failure !== undefined && { failure }),
});

const caseOf = (sizeMb: number | undefined, dirt: 'clean' | 'dirty' = 'dirty'): CaseResult => ({
  dataset: sizeMb === undefined ? 'flights' : 'narrow',
  format: 'csv',
  dirt,
  ...(sizeMb !== undefined && { sizeMb }),
  bytes: 100_400_000,
  measurements: withRatios([
    summarise('duckstep', [took(2500)]),
    summarise('baseline', [took(2000)]),
    summarise('pandas', [took(9000, 'ended with 137: no memory\nand more')]),
  ]),
  differences: [],
});

const results = (cases: CaseResult[]): Results => ({
  measuredAt: '2030-01-02T03:04:05.000Z',
  machine: {
    cpu: 'Some CPU',
    cores: 2,
    memoryGb: 8,
    os: 'Linux 6',
    arch: 'x64',
    node: '24.0.0',
    memoryMethod: 'counted',
  },
  versions: { duckstep: { node: '24.0.0', duckdb: 'v1' } },
  leftOut: ['pyspark is left out: there is no java'],
  cases,
});

test('charts show the large dirty files and the real one; without large ones, all dirty ones', () => {
  const all = [caseOf(1), caseOf(100), caseOf(100, 'clean'), caseOf(1000), caseOf(undefined)];
  expect(chartedCases(all).map(({ sizeMb }) => sizeMb)).toEqual([100, 1000, undefined]);
  expect(chartedCases([caseOf(1), caseOf(10, 'clean')]).map(({ sizeMb }) => sizeMb)).toEqual([1]);
});

test('what is between the markers is replaced, and no markers are an error', () => {
  expect(between('a\n<!-- results -->\nold\n<!-- /results -->\nb', 'new')).toBe(
    'a\n<!-- results -->\nnew\n<!-- /results -->\nb',
  );
  expect(() => between('a', 'new')).toThrow(RangeError);
});

test('publishing writes JSON, charts and tables, twice the same', () => {
  const docs = scratch();
  mkdirSync(docs, { recursive: true });
  // The page as it is: its markers must be where publishing looks for them.
  writeFileSync(
    path.join(docs, 'performance.md'),
    readFileSync(path.join(ROOT, 'docs', 'performance.md'), 'utf8'),
  );
  const measured = results([caseOf(100)]);
  publish(measured, docs);
  const page = readFileSync(path.join(docs, 'performance.md'), 'utf8');
  expect(page).toContain('Measured on 2030-01-02: Some CPU, 2 cores, 8 GB');
  expect(page).toContain('| narrow csv 100 MB dirty | 2.00 | 1.25 | failed |');
  expect(page).toContain('| duckstep | 2.50 | 1.25 |');
  expect(page).toContain('| pandas | ended with 137: no memory |');
  expect(page).toContain('pyspark is left out: there is no java');
  expect(JSON.parse(readFileSync(path.join(docs, 'bench', 'results.json'), 'utf8'))).toMatchObject({
    machine: { cpu: 'Some CPU' },
    cases: [{ measurements: [{ ratio: 1.25 }, { ratio: 1 }, { failure: expect.any(String) }] }],
  });
  expect(readFileSync(path.join(docs, 'bench', 'time.svg'), 'utf8')).toContain('1.25 × · 2.50 s');
  expect(readFileSync(path.join(docs, 'bench', 'memory.svg'), 'utf8')).toContain('1,234 MB');
  publish(measured, docs);
  expect(readFileSync(path.join(docs, 'performance.md'), 'utf8')).toBe(page);
});

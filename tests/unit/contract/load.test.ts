import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  evaluateIn,
  listDatasets,
  listReferences,
  loadAll,
  loadContract,
} from '../../../shared/contract/load.ts';
import { ContractInvalid, UnknownDataset } from '../../../shared/errors.ts';
import { contractYaml, sqlDirWith } from '../../helpers/contracts.ts';
import { withTestDb } from '../../helpers/duckdb.ts';
import { scratch } from '../../helpers/scratch.ts';

const load = (object: string): ReturnType<typeof loadContract> =>
  loadContract(sqlDirWith({ 'orders/contract.yaml': contractYaml(object) }), 'orders');

test('a contract with everything', async () => {
  const sqlDir = sqlDirWith({
    'orders/silver.sql': 'select *, 1 as region from accepted',
    'orders/contract.yaml': `${contractYaml(`
    description: One row per order.
    properties:
      - { name: shop, logicalType: string, primaryKey: true, primaryKeyPosition: 2 }
      - name: id
        physicalName: Order No
        logicalType: integer
        logicalTypeOptions: { format: u32, minimum: 1, exclusiveMaximum: 1000000, multipleOf: 1 }
        primaryKey: true
        primaryKeyPosition: 1
      - name: placed_at
        logicalType: timestamp
        logicalTypeOptions: { format: "dd.MM.yyyy HH:mm", minimum: "2020-01-01", timezone: true }
        required: true
      - { name: total, logicalType: number, physicalType: "DECIMAL(12, 2)", description: In euro. }
      - name: state
        logicalType: string
        logicalTypeOptions: { minLength: 2, maxLength: 9, pattern: "^[a-z]+$" }
        quality:
          - { metric: invalidValues, arguments: { validValues: [new, paid, 1] }, mustBe: 0 }
          - { metric: invalidValues, arguments: { pattern: "^.{3}" }, mustBe: 0, severity: warning }
          - { metric: missingValues, arguments: { missingValues: [null, none] }, mustBeLessThan: 5, unit: percent }
      - { name: items, logicalType: array }
      - { name: region, logicalType: integer, transformLogic: silver.sql }
      - { name: year, logicalType: integer, transformLogic: year(placed_at), partitioned: true }
    quality:
      - { name: enough, metric: rowCount, mustBeBetween: [1, 1000], severity: critical }
      - { metric: duplicateValues, arguments: { properties: [shop, placed_at] }, mustBe: 0, severity: info }
      - type: sql
        query: select count(*) from \${table} where total < 0;
        mustBe: 0
        dimension: accuracy
      - { type: text, description: Orders are never deleted. }
    customProperties:
      - { property: qualityThreshold, value: 0.8 }
      - { property: dimensionWeights, value: { completeness: 2 } }
      - { property: unknownColumns, value: reject }
      - { property: dedupeOrderBy, value: [placed_at desc, "total asc"] }
      - { property: missingValues, value: [N/A, 0] }
      - { property: owner, value: somebody else's property }
`)}slaProperties:
  - { property: freshness, element: orders.placed_at, value: 36, unit: h }
  - { property: retention, value: 3, unit: y }
`,
  });
  const contract = await loadContract(sqlDir, 'orders');
  expect({ ...contract, fingerprint: '' }).toEqual({
    dataset: 'orders',
    version: '1.2.0',
    file: path.join(path.basename(sqlDir), 'orders/contract.yaml'),
    folder: path.join(sqlDir, 'orders'),
    description: 'One row per order.',
    silverSql: 'select *, 1 as region from accepted',
    fingerprint: '',
    primaryKey: ['id', 'shop'],
    partitionedBy: [{ name: 'year', column: 'year', transform: 'identity' }],
    qualityThreshold: 0.8,
    dimensionWeights: { completeness: 2 },
    unknownColumns: 'reject',
    dedupeOrderBy: [
      { column: 'placed_at', direction: 'desc' },
      { column: 'total', direction: 'asc' },
    ],
    freshness: { column: 'placed_at', maxAgeSeconds: 129_600 },
    columns: [
      column({ name: 'shop', required: true, trimmed: true }),
      column({
        name: 'id',
        sourceName: 'Order No',
        logicalType: 'integer',
        silverType: 'UINTEGER',
        required: true,
        constraints: { patterns: [], minimum: '1', exclusiveMaximum: '1000000', multipleOf: 1 },
      }),
      column({
        name: 'placed_at',
        logicalType: 'timestamp',
        silverType: 'TIMESTAMP WITH TIME ZONE',
        strptime: '%d.%m.%Y %H:%M',
        format: 'dd.MM.yyyy HH:mm',
        required: true,
        constraints: { patterns: [], minimum: '2020-01-01' },
      }),
      column({ name: 'total', logicalType: 'number', silverType: 'DECIMAL(12,2)', description: 'In euro.' }),
      column({
        name: 'state',
        missingValues: ['', 'N/A', '0', 'none'],
        constraints: { patterns: ['^[a-z]+$'], minLength: 2, maxLength: 9, allowed: ['new', 'paid', '1'] },
      }),
      column({ name: 'items', logicalType: 'array', silverType: 'JSON' }),
      column({ name: 'region', logicalType: 'integer', silverType: 'BIGINT', derivedFrom: 'silver.sql' }),
      column({ name: 'year', logicalType: 'integer', silverType: 'BIGINT', derivedFrom: 'year(placed_at)' }),
    ],
    rules: [
      rule(
        'state.invalidValues',
        'conformity',
        { kind: 'invalidValues', allowed: ['new', 'paid', '1'] },
        'state',
      ),
      {
        ...rule('state.invalidValues.2', 'conformity', { kind: 'invalidValues', pattern: '^.{3}' }, 'state'),
        severity: 'warning',
      },
      {
        ...rule('state.missingValues', 'completeness', { kind: 'missingValues', values: ['none'] }, 'state'),
        unit: 'percent',
        operator: { op: 'mustBeLessThan', value: 5 },
      },
      {
        ...rule('enough', 'coverage', { kind: 'rowCount' }),
        severity: 'critical',
        operator: { op: 'mustBeBetween', value: [1, 1000] },
      },
      {
        ...rule('duplicateValues', 'uniqueness', { kind: 'duplicateValues', columns: ['shop', 'placed_at'] }),
        severity: 'info',
      },
      rule('sql', 'accuracy', {
        kind: 'sql',
        query: `select count(*) from \${table} where total < 0;`,
      }),
    ],
  });
});

const column = (over: object): object => ({
  identity: (over as { name: string }).name,
  sourceName: (over as { name: string }).name,
  logicalType: 'string',
  silverType: 'VARCHAR',
  required: false,
  unique: false,
  missingValues: ['', 'N/A', '0'],
  constraints: { patterns: [] },
  ...over,
});

const rule = (id: string, dimension: string, check: object, on?: string): object => ({
  id,
  dimension,
  severity: 'error',
  unit: 'rows',
  operator: { op: 'mustBe', value: 0 },
  check,
  ...(on !== undefined && { column: on }),
});

test('defaults', async () => {
  const contract = await load(
    'properties: [{ name: a, logicalType: integer }, { name: b, logicalType: number }]',
  );
  expect(contract.columns.map(({ silverType }) => silverType)).toEqual(['BIGINT', 'DOUBLE']);
  expect(contract).toMatchObject({
    primaryKey: [],
    partitionedBy: [],
    qualityThreshold: 0.95,
    dimensionWeights: {},
    unknownColumns: 'rescue',
    dedupeOrderBy: [],
    rules: [],
  });
});

test.each(['nowhere', 'gold', 'Orders', '../orders', ''])('%j is an unknown dataset', async (dataset) => {
  const sqlDir = sqlDirWith({
    'orders/contract.yaml': contractYaml('properties: [{ name: a, logicalType: date }]'),
  });
  await expect(loadContract(sqlDir, dataset)).rejects.toThrow(UnknownDataset);
});

test('each folder with a contract is a dataset', async () => {
  const sqlDir = sqlDirWith({
    'orders/contract.yaml': contractYaml('properties: [{ name: a, logicalType: date }]'),
    'gold/model.sql': '',
    'notes/readme.txt': '',
  });
  expect(await listDatasets(sqlDir)).toEqual(['orders']);
  expect((await loadAll(sqlDir)).map(({ dataset }) => dataset)).toEqual(['orders']);
  cpSync(path.join(sqlDir, 'orders'), path.join(sqlDir, 'Orders 2'), { recursive: true });
  symlinkSync(path.join(sqlDir, 'orders'), path.join(sqlDir, 'linked'));
  // A folder with an invalid name does not affect the other datasets.
  expect(await listDatasets(sqlDir)).toEqual(['linked', 'orders']);
  const reported: string[] = [];
  const contracts = await loadAll(sqlDir, (all) => reported.push(...all.flatMap(({ lines }) => lines)));
  expect(contracts.map(({ dataset }) => dataset)).toEqual(['orders']);
  expect(reported).toContainEqual(expect.stringMatching(/Orders 2.*not a dataset name; rename the folder/));
  await expect(loadAll(sqlDir)).rejects.toThrow(ContractInvalid);
});

test('all contracts are reported together', async () => {
  const wrong = contractYaml('properties: [{ name: a, logicalType: text }]');
  const sqlDir = sqlDirWith({ 'a/contract.yaml': wrong, 'b/contract.yaml': wrong });
  await expect(loadAll(sqlDir)).rejects.toThrow(
    /^4 problems[\s\S]*a\/contract\.yaml[\s\S]*b\/contract\.yaml/,
  );
});

test('the fingerprint changes with the files on which a run depends, and with no others', async () => {
  const folder = scratch();
  const file = (name: string, text: string): void => writeFileSync(path.join(folder, 'orders', name), text);
  mkdirSync(path.join(folder, 'orders/gold'), { recursive: true });
  const fingerprints: string[] = [];
  const note = async (): Promise<void> => {
    fingerprints.push((await loadContract(folder, 'orders')).fingerprint);
  };
  file('contract.yaml', contractYaml('properties: [{ name: a, logicalType: date }]'));
  await note();
  file('gold/by_day.sql', 'select 1');
  file('notes.txt', 'x');
  await note();
  file('silver.sql', 'select * from accepted');
  await note();
  file('places.csv', 'id\n1');
  await note();
  file('places.csv', 'id\n2');
  await note();
  file('contract.yaml', contractYaml('properties: [{ name: a, id: b, logicalType: date }]'));
  await note();
  const by = (transform: string): string =>
    `partitioned: true, customProperties: [{ property: partitionTransform, value: ${transform} }]`;
  for (const transform of ['day', 'month', 'day']) {
    file('contract.yaml', contractYaml(`properties: [{ name: a, logicalType: date, ${by(transform)} }]`));
    await note();
  }
  expect(fingerprints.map((one) => fingerprints.indexOf(one))).toEqual([0, 0, 2, 3, 4, 5, 6, 7, 6]);
  expect(await listReferences(path.join(folder, 'orders'))).toEqual([
    { name: 'places', path: path.join(folder, 'orders/places.csv') },
  ]);
});

test("checks run in the caller's DuckDB if there is one", async () => {
  const sqlDir = sqlDirWith({
    'orders/contract.yaml': contractYaml(
      'properties: [{ name: a, logicalType: string, logicalTypeOptions: { pattern: "(?=a)" } }]',
    ),
  });
  await withTestDb((db) =>
    expect(loadContract(sqlDir, 'orders', evaluateIn(db))).rejects.toThrow(/RE2.*invalid perl operator/),
  );
});

test('a missing folder of contracts is an error of configuration', async () => {
  const sqlDir = '/no/such/folder';
  await expect(loadContract(sqlDir, 'orders')).rejects.toThrow(
    /folder, cannot be read\. Is DUCKSTEP_SQL_DIR right/,
  );
  await expect(loadAll(sqlDir)).rejects.toThrow(/DUCKSTEP_SQL_DIR/);
});

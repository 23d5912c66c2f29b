import {
  CatalogUnavailable,
  CommitConflict,
  ConservationBroken,
  ContractChanged,
  ContractInvalid,
  InvalidInput,
  ModelFailed,
  ObjectMissing,
  SchemaIncompatible,
} from '../../../shared/errors.ts';
import type { CatalogTable } from '../../../shared/lake/catalog/catalog.ts';
import { lakePaths } from '../../../shared/lake/paths.ts';
import { Table } from '../../../shared/lake/table/commit/table.ts';
import { StepRunner } from '../../helpers/run-steps.ts';
import { contractYaml, latestBy } from '../../helpers/silver-lake.ts';
import { contentsOf } from '../../helpers/steps.ts';

const ID = '{ name: id, logicalType: integer, primaryKey: true }';
const NAME = '{ name: name, logicalType: string }';
const PEOPLE = { 'people/contract.yaml': contractYaml('people', [ID, NAME]) };
const modelSql = (select: string): string => `/*---
columns:
  - { name: people, logicalType: integer }
---*/
${select}`;
const GOLD = { 'people/gold/totals.sql': modelSql('SELECT count(*) AS people FROM silver.people') };
const CSV = 'id,name\n1,Ada\n2,Bo\n';

const versions = async ({ lake }: StepRunner) => [
  (await new Table(lake.silver, 'people').current())?.version,
  (await new Table(lake.gold, 'totals').current())?.version,
];
const recordOf = async ({ lake }: StepRunner, { run_record }: { run_record: string }) =>
  JSON.parse(String(await lake.gold.read(run_record)));

test('commits silver, builds the gold tables that read it, tells the catalog, and writes the run record', async () => {
  const pointed: CatalogTable[] = [];
  const catalog = { point: async (table: CatalogTable) => void pointed.push(table) };
  const runner = new StepRunner({ ...PEOPLE, ...GOLD }, { catalog });
  const state = await runner.transformed(`${CSV}x,Cy\n`);
  const { usage, ...output } = await runner.load(state);
  const { run } = state.validate;
  expect(output).toEqual({
    status: 'loaded',
    silver_version: 1,
    gold: [{ model: 'totals', version: 1, partitions: 1 }],
    run_record: `_runs/${run.run_id}.json`,
    reason: state.quality.reason,
    ...{ rows_superseding: 0, rows_superseded: 0 },
  });
  expect(usage.requests).toBeGreaterThan(0);
  expect(pointed.map(({ zone, name, metadataVersion }) => [zone, name, metadataVersion])).toEqual([
    ['silver', 'people', 1],
    ['gold', 'totals', 1],
  ]);
  expect(await versions(runner)).toEqual([1, 1]);
  expect(await recordOf(runner, output)).toMatchObject({
    ...{
      run_id: run.run_id,
      execution: 'test',
      status: 'loaded',
      verdict: state.quality.verdict,
      error: null,
    },
    ...{ rows_read: 3, rows_accepted: 2, rows_rejected: 1, rows_silver: 2 },
    reason: state.quality.reason,
    score: state.quality.score,
  });
});

test('the same state again changes nothing', async () => {
  const runner = new StepRunner({ ...PEOPLE, ...GOLD });
  const state = await runner.transformed(CSV);
  const { usage: _, gold, ...first } = await runner.load(state);
  const before = [await contentsOf(runner.lake.silver), await contentsOf(runner.lake.gold)];
  const { usage: __, ...second } = await runner.load(state);
  expect(second).toEqual({ ...first, gold: gold.map((table) => ({ ...table, partitions: 0 })) });
  expect([await contentsOf(runner.lake.silver), await contentsOf(runner.lake.gold)]).toEqual(before);
});

test('an older version of a file is superseded, and its record says so', async () => {
  const runner = new StepRunner({ ...PEOPLE, ...GOLD });
  const older = await runner.transformed(CSV);
  await runner.load(await runner.transformed('id,name\n3,Cy\n'));
  const output = await runner.load(older);
  expect(output).toMatchObject({ status: 'superseded', silver_version: 1 });
  expect(await recordOf(runner, output)).toMatchObject({
    status: 'superseded',
    reason: 'A newer version of the file was committed first.',
  });
});

test('a new version with the same rows is loaded, and its record says that they stay', async () => {
  const runner = new StepRunner({ ...PEOPLE, ...GOLD });
  await runner.load(await runner.transformed(CSV));
  const output = await runner.load(await runner.transformed(CSV));
  expect(output).toMatchObject({ status: 'loaded', gold: [{ version: 1, partitions: 0 }] });
  expect(await recordOf(runner, output)).toMatchObject({
    reason:
      'The file brings the same rows as its version before. They stay, and count as uploaded with this version.',
  });
});

describe('rows of several files with one key', () => {
  const keyed = (custom: string[] = []) => ({
    'people/contract.yaml': contractYaml(
      'people',
      ['{ name: id, logicalType: integer, primaryKey: true }', NAME],
      custom,
    ),
  });
  const second = 'id,name\n2,Bea\n3,Cy\n';

  test('are counted, and the record says which of them show', async () => {
    const runner = new StepRunner(keyed());
    await runner.load(await runner.transformed(CSV, 'people/a'));
    const state = await runner.transformed(second, 'people/b');
    const output = await runner.load(state);
    expect(output).toMatchObject({ rows_superseding: 1, rows_superseded: 0 });
    expect(await recordOf(runner, output)).toMatchObject({
      ...{ rows_superseding: 1, rows_superseded: 0 },
      reason: `${state.quality.reason} Of rows of several files with one key, that of the later upload shows, and of one file the later row; set dedupeOrderBy in the contract to decide by a column.`,
    });
  });

  test('need no remark where the contract decides', async () => {
    const runner = new StepRunner(keyed([latestBy('name desc')]));
    await runner.load(await runner.transformed('id,name\n2,Zoe\n', 'people/a'));
    const state = await runner.transformed(second, 'people/b');
    const output = await runner.load(state);
    expect(output).toMatchObject({ rows_superseding: 0, rows_superseded: 1, reason: state.quality.reason });
  });
});

describe('the list of staged files', () => {
  const change = async (runner: StepRunner, key: string, to: (list: Record<string, unknown>) => unknown) =>
    await runner.lake.silver.write(
      key,
      JSON.stringify(to(JSON.parse(String(await runner.lake.silver.read(key))))),
    );

  test('may be that of an earlier build, which did not name the key and the time', async () => {
    const runner = new StepRunner(PEOPLE);
    const state = await runner.transformed(CSV);
    await change(runner, state.transform.files, ({ key: _, stagedAt: __, ...list }) => list);
    expect(await runner.load(state)).toMatchObject({ status: 'loaded', silver_version: 1 });
  });

  test('may be that of a later build, with more keys', async () => {
    const runner = new StepRunner(PEOPLE);
    const state = await runner.transformed(CSV);
    await change(runner, state.transform.files, (list) => ({ ...list, later: true }));
    expect(await runner.load(state)).toMatchObject({ status: 'loaded', silver_version: 1 });
  });

  test.each<[string, (runner: StepRunner, key: string) => Promise<void>, new (...args: never[]) => Error]>([
    ['that is gone', async ({ lake }, key) => void (await lake.silver.remove(key)), ObjectMissing],
    ['that is cut', async ({ lake }, key) => await lake.silver.write(key, '{"content":'), InvalidInput],
    [
      'without files',
      async (runner, key) => await change(runner, key, ({ files: _, ...list }) => list),
      InvalidInput,
    ],
  ])('%s fails the step before anything is committed', async (_, damage, error) => {
    const runner = new StepRunner(PEOPLE);
    const state = await runner.transformed(CSV);
    await damage(runner, state.transform.files);
    await expect(runner.load(state)).rejects.toThrow(error);
    await expect(runner.load(state)).rejects.toThrow('Replay the file');
    expect(await versions(runner)).toEqual([undefined, undefined]);
  });
});

describe('it fails before anything is committed', () => {
  test.each<[string, (state: Awaited<ReturnType<StepRunner['transformed']>>) => void, string]>([
    [
      'where a rejected row is missing',
      ({ validate }) => {
        validate.rows.rejected += 1;
      },
      'read = accepted',
    ],
    [
      'where a row was lost in Transform',
      ({ transform }) => {
        transform.rows.filtered += 1;
      },
      'accepted = silver',
    ],
    [
      'where the files hold other rows',
      ({ validate, transform }) => {
        validate.rows.read += 1;
        validate.rows.accepted += 1;
        transform.rows.silver += 1;
      },
      'silver = rows in its files',
    ],
  ])('%s', async (_, change, message) => {
    const runner = new StepRunner({ ...PEOPLE, ...GOLD });
    const state = await runner.transformed(CSV);
    change(state);
    const loading = runner.load(state);
    await expect(loading).rejects.toThrow(ConservationBroken);
    await expect(loading).rejects.toThrow(message);
    expect(await versions(runner)).toEqual([undefined, undefined]);
  });

  test('where a gold model has a mistake', async () => {
    const runner = new StepRunner({ ...PEOPLE, ...GOLD });
    const state = await runner.transformed(CSV);
    runner.deploy({ ...PEOPLE, 'people/gold/totals.sql': 'SELECT count(*) AS people FROM silver.people' });
    await expect(runner.load(state)).rejects.toThrow(ContractInvalid);
    expect(await versions(runner)).toEqual([undefined, undefined]);
  });

  test('where the contract has changed, also if what Transform staged has expired', async () => {
    const runner = new StepRunner(PEOPLE);
    const state = await runner.transformed(CSV);
    runner.deploy({ 'people/contract.yaml': contractYaml('people', [ID]) });
    await runner.lake.silver.remove(state.transform.files);
    await expect(runner.load(state)).rejects.toThrow(ContractChanged);
    expect(await versions(runner)).toEqual([undefined, undefined]);
  });

  test('where the primary key has changed since Transform, in an execution that cannot go back', async () => {
    const runner = new StepRunner(PEOPLE);
    runner.goesBack = false;
    const state = await runner.transformed(CSV);
    const other = [
      '{ name: id, logicalType: integer }',
      '{ name: name, logicalType: string, primaryKey: true }',
    ];
    runner.deploy({ 'people/contract.yaml': contractYaml('people', other) });
    await expect(runner.load(state)).rejects.toThrow(SchemaIncompatible);
    expect(await versions(runner)).toEqual([undefined, undefined]);
  });

  test("where the input is another step's", async () => {
    const runner = new StepRunner(PEOPLE);
    await expect(runner.load(await runner.scored(CSV))).rejects.toThrow(InvalidInput);
  });
});

describe('a redrive completes what a failure left', () => {
  test('of a gold model: silver is committed once, gold is built, the record is written', async () => {
    const broken = modelSql("SELECT error('Ada') AS people FROM silver.people");
    const runner = new StepRunner({ ...PEOPLE, 'people/gold/totals.sql': broken });
    const state = await runner.transformed(CSV);
    const loading = runner.load(state);
    await expect(loading).rejects.toThrow(ModelFailed);
    await expect(loading).rejects.not.toThrow(/Ada/);
    expect(await versions(runner)).toEqual([1, undefined]);
    expect(await contentsOf(runner.lake.gold)).toEqual({});
    runner.deploy({ ...PEOPLE, ...GOLD });
    const output = await runner.load(state);
    expect(output).toMatchObject({
      status: 'loaded',
      silver_version: 1,
      gold: [{ version: 1, partitions: 1 }],
    });
    expect(await recordOf(runner, output)).toMatchObject({ status: 'loaded', rows_silver: 2 });
  });

  test('of the catalog: it is told, and nothing is committed again', async () => {
    const pointed: string[] = [];
    let isDown = true;
    const point = async ({ zone, name, metadataVersion }: CatalogTable) => {
      if (isDown) throw new CatalogUnavailable('no answer');
      pointed.push(`${zone}.${name} v${metadataVersion}`);
    };
    const runner = new StepRunner({ ...PEOPLE, ...GOLD }, { catalog: { point } });
    const state = await runner.transformed(CSV);
    await expect(runner.load(state)).rejects.toThrow(CatalogUnavailable);
    isDown = false;
    await runner.load(state);
    expect(pointed).toEqual(['silver.people v1', 'gold.totals v1']);
    expect(await versions(runner)).toEqual([1, 1]);
  });
});

test.each(['silver', 'gold'] as const)(
  'leaves where others are at work on %s for longer than it may wait',
  async (zone) => {
    const runner = new StepRunner({ ...PEOPLE, ...GOLD });
    const state = await runner.transformed(CSV);
    const lock = lakePaths.locks(zone === 'silver' ? 'people' : 'totals', 'v00000001-0');
    await runner.lake[zone].write(lock, 'another');
    runner.context = { ...runner.context, config: { ...runner.context.config, commitPatienceMs: 50 } };
    await expect(runner.load(state)).rejects.toThrow(CommitConflict);
    expect(await versions(runner)).toEqual([zone === 'silver' ? undefined : 1, undefined]);
    await runner.lake[zone].remove(lock);
    expect(await runner.load(state)).toMatchObject({
      status: 'loaded',
      silver_version: 1,
      gold: [{ version: 1 }],
    });
    expect(await versions(runner)).toEqual([1, 1]);
  },
);

import {
  ConservationBroken,
  ContractChanged,
  ContractInvalid,
  InvalidInput,
  ModelFailed,
  ObjectMissing,
  SchemaIncompatible,
} from '../../../shared/errors.ts';
import { Table } from '../../../shared/lake/table/commit/table.ts';
import { readStagedSilver } from '../../../shared/stages/transform/staged-silver.ts';
import { StepRunner } from '../../helpers/run-steps.ts';
import { contractYaml, keysIn } from '../../helpers/silver-lake.ts';
import { contentsOf } from '../../helpers/steps.ts';

const ID = '{ name: id, logicalType: integer, primaryKey: true }';
const NAME = '{ name: name, logicalType: string }';
const PEOPLE = { 'people/contract.yaml': contractYaml('people', [ID, NAME]) };
const withSql = (sql: string) => ({ ...PEOPLE, 'people/silver.sql': sql });
const CSV = 'id,name\n1,Ada\n2,Bo\n2,Cy\nx,Di\n';

const dataFiles = (runner: StepRunner) => keysIn(runner.lake.silver, 'people/data/');

test('stages the latest row of each key, and lists the files; readers see nothing yet', async () => {
  const runner = new StepRunner(PEOPLE);
  const state = await runner.scored(CSV);
  const { usage, ...output } = await runner.transform(state);
  expect(output).toEqual({
    rows: { filtered: 0, duplicate: 1, silver: 2 },
    files: `_staging/${state.validate.run.run_id}/silver-files.json`,
    file_count: 1,
    strategies: { silver: expect.any(String) },
  });
  expect(usage.bytes_written).toBeGreaterThan(0);
  const staged = await readStagedSilver(runner.lake.silver, output.files);
  expect(staged).toMatchObject({ key: ['id'], files: [{ rows: 2 }], stagedAt: expect.any(String) });
  expect(staged.files.map(({ key }) => key)).toEqual(await dataFiles(runner));
  expect(await new Table(runner.lake.silver, 'people').current()).toBeUndefined();
});

test('the same state again writes the same files under the same keys', async () => {
  const runner = new StepRunner(PEOPLE);
  const state = await runner.scored(CSV);
  const contents = async () =>
    Object.entries(await contentsOf(runner.lake.silver)).filter(
      ([key]) => !key.endsWith('silver-files.json'),
    );
  const first = await runner.transform(state);
  const before = [await contents(), await readStagedSilver(runner.lake.silver, first.files)];
  const second = await runner.transform(state);
  const after = [await contents(), await readStagedSilver(runner.lake.silver, second.files)];
  const anyTime = { stagedAt: expect.any(String) };
  expect(after).toEqual([before[0], { ...before[1], ...anyTime }]);
});

test('counts rows that silver.sql leaves out', async () => {
  const runner = new StepRunner(withSql('SELECT id, name, _row FROM accepted WHERE id > 1'));
  const { rows } = await runner.transform(await runner.scored(CSV));
  expect(rows).toEqual({ filtered: 1, duplicate: 1, silver: 1 });
});

test('silver.sql reads other datasets, which are empty before their first commit', async () => {
  const runner = new StepRunner({
    ...withSql('SELECT a.id, a.name, a._row FROM accepted AS a ANTI JOIN silver.gone USING (id)'),
    'gone/contract.yaml': contractYaml('gone', [ID]),
  });
  const { rows } = await runner.transform(await runner.scored(CSV));
  expect(rows).toEqual({ filtered: 0, duplicate: 1, silver: 2 });
});

describe('it fails, and stages no file,', () => {
  test.each([
    [
      'where silver.sql cannot run',
      "SELECT id, error('Ada') AS name, _row FROM accepted",
      /fails: .* Fix it/,
    ],
    ['where silver.sql lacks a column', 'SELECT id, _row FROM accepted', /missing name/],
    [
      'where silver.sql yields a record twice',
      'SELECT a.id, a.name, a._row FROM accepted AS a, range(2)',
      /a record may come out once/,
    ],
  ])('%s', async (_, sql, message) => {
    const runner = new StepRunner(withSql(sql));
    const transforming = runner.transform(await runner.scored(CSV));
    await expect(transforming).rejects.toThrow(ModelFailed);
    await expect(transforming).rejects.toThrow(message);
    await expect(transforming).rejects.not.toThrow(/Ada/);
    expect(await dataFiles(runner)).toEqual([]);
  });

  test('where rows do not add up', async () => {
    const runner = new StepRunner(PEOPLE);
    const state = await runner.scored(CSV);
    state.validate.rows.accepted += 1;
    await expect(runner.transform(state)).rejects.toThrow(ConservationBroken);
    expect(await dataFiles(runner)).toEqual([]);
  });

  test('where the contract has changed, also if what Validate staged has expired', async () => {
    const runner = new StepRunner(PEOPLE);
    const state = await runner.scored(CSV);
    runner.deploy({ 'people/contract.yaml': contractYaml('people', [ID]) });
    await runner.lake.silver.remove(state.validate.staged.records);
    await expect(runner.transform(state)).rejects.toThrow(ContractChanged);
    // The execution of an earlier release goes on with any contract.
    runner.goesBack = false;
    await expect(runner.transform(state)).rejects.toThrow(ObjectMissing);
  });

  test('where the contract was broken by a deployment', async () => {
    const runner = new StepRunner(PEOPLE);
    const state = await runner.scored(CSV);
    runner.deploy({ 'people/contract.yaml': contractYaml('people', ['{ name: id }']) });
    await expect(runner.transform(state)).rejects.toThrow(ContractInvalid);
  });

  test('where the table’s rows cannot become what the contract says', async () => {
    const runner = new StepRunner(PEOPLE);
    await runner.load(await runner.transformed(CSV));
    const before = await dataFiles(runner);
    const changed = '{ name: name, logicalType: integer }';
    runner.deploy({ 'people/contract.yaml': contractYaml('people', [ID, changed]) });
    const state = await runner.scored('id,name\n1,1\n', 'people/next');
    await expect(runner.transform(state)).rejects.toThrow(SchemaIncompatible);
    expect(await dataFiles(runner)).toEqual(before);
  });

  test("where the input is another step's", async () => {
    const runner = new StepRunner(PEOPLE);
    await expect(runner.transform(await runner.put(CSV))).rejects.toThrow(InvalidInput);
  });
});

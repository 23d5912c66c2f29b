import { ident } from '../../shared/engine/sql.ts';
import type { ObjectStore } from '../../shared/lake/storage/object-store.ts';
import { type MetadataVersion, Table } from '../../shared/lake/table/commit/table.ts';
import { datasets, testPipeline } from '../helpers/pipeline.ts';
import { contractYaml } from '../helpers/silver-lake.ts';
import { compareDb, expectAgreement, viewOf } from './compare.ts';
import { snapshotOf } from './demo-tables.ts';
import { type PyIceberg, startPyIceberg } from './pyiceberg.ts';
import { type Column, GOLD, SILVER } from './type-columns.ts';

const contract = contractYaml(
  'things',
  SILVER.map(({ name, declared }) => `{ name: ${name}, ${declared} }`),
);
const branches = [0, 1, 2].map((file) => {
  const columns = GOLD.map(
    ({ name, declared, values }) => `CAST(${values[file]} AS ${declared}) AS ${ident(name)}`,
  );
  return `SELECT ${columns.join(', ')} FROM silver.things WHERE n = ${file + 1}`;
});
const model = `/*---
partitionedBy: [n]
columns:
${GOLD.map(({ name, declared }) => `  - { name: ${name}, physicalType: '${declared}' }`).join('\n')}
---*/
${branches.join('\nUNION ALL\n')}`;

const { lake, drop } = testPipeline({
  sqlDir: datasets({ 'things/contract.yaml': contract, 'things/gold/all_types.sql': model }),
});
let pyiceberg: PyIceberg;

beforeAll(async () => {
  pyiceberg = await startPyIceberg();
  for (const file of [0, 1, 2]) {
    const header = SILVER.map(({ name }) => name).join(',');
    const line = SILVER.map(({ values }) => values[file]).join(',');
    const { output, error } = await drop(`things/${file}.csv`, `${header}\n${line}\n`);
    expect(error).toBeUndefined();
    expect(output).toMatchObject({ load: { status: 'loaded' } });
  }
});

afterAll(async () => await pyiceberg?.stop());

const newest = async (store: ObjectStore, name: string): Promise<MetadataVersion> => {
  const version = await new Table(store, name).newest();
  if (version === undefined) throw new Error(`${name} has no metadata`);
  return version;
};

/** A file that has only NaN has no bounds, so it is always read. */
const filtersOf = ({ filters, values }: Column) =>
  Object.entries(filters ?? {}).map(([filter, rows]) => {
    const unbounded = values.filter((value) => value === "'nan'").length;
    return { filter, rows, unbounded };
  });

describe.each([
  { store: lake.silver, name: 'things', columns: SILVER },
  { store: lake.gold, name: 'all_types', columns: GOLD },
])('$name', ({ store, name, columns }) => {
  test('PyIceberg reads every value of every type', async () => {
    const version = await newest(store, name);
    await compareDb(async (db, folder) => {
      const view = await viewOf(db, snapshotOf(version), store, folder);
      const answer = await expectAgreement(db, pyiceberg, { metadata: version.file }, `FROM ${view}`, folder);
      expect(answer).toMatchObject({ files: 3, read: { rows: 3 } });
      const types = answer.schema.filter((column) => !column.name.startsWith('_'));
      expect(types.map((column) => [column.name, column.type.replaceAll(/\d+: [\w ]+:/g, '$:')])).toEqual(
        columns.map((column) => [column.name, column.iceberg]),
      );
    });
  });

  test.each(columns.flatMap(filtersOf))(
    'PyIceberg finds by its bounds: $filter',
    async ({ filter, rows, unbounded }) => {
      const version = await newest(store, name);
      await compareDb(async (db, folder) => {
        const view = await viewOf(db, snapshotOf(version), store, folder);
        const query = `FROM ${view} WHERE ${filter}`;
        const question = { metadata: version.file, filter };
        const { read, files } = await expectAgreement(db, pyiceberg, question, query, folder);
        expect({ rows: read?.rows, files }).toEqual({ rows, files: rows + unbounded });
      });
    },
  );
});

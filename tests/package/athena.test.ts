import path from 'node:path';
import { DIMENSIONS } from '../../shared/contract/model.ts';
import { ident } from '../../shared/engine/sql.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import { RUN_COLUMNS } from '../../shared/run/run-record.ts';
import { loadGoldModels } from '../../shared/stages/load-to-gold/gold/model-header.ts';
import { withTestDb } from '../helpers/duckdb.ts';
import { ofType, resource } from './template.ts';

const SQL = path.resolve(__dirname, '../../sql');

/** Metadata tables of an Iceberg table (Trino documentation, "Iceberg connector, Metadata tables"). */
const METADATA_TABLES = {
  history: 'made_current_at timestamptz, snapshot_id bigint, parent_id bigint, is_current_ancestor boolean',
  snapshots:
    'committed_at timestamptz, snapshot_id bigint, parent_id bigint, operation varchar, manifest_list varchar, summary map(varchar, varchar)',
};

const queries = ofType('AWS::Athena::NamedQuery').map(([, { Properties }]) => Properties as unknown as Query);
interface Query {
  Name: string;
  QueryString: string;
  Database: unknown;
  WorkGroup: unknown;
}

/** Time travel in Athena's syntax, which DuckDB does not have; it is removed before DuckDB checks the query. */
const TIME_TRAVEL = / FOR TIMESTAMP AS OF \(current_timestamp - interval '1' day\)/;

/** Creates empty tables with the columns of all shipped models and of the runs, under their names in the catalog. */
const withModels = <T>(work: (db: Db) => Promise<T>): Promise<T> =>
  withTestDb(async (db) => {
    for (const { name, columns } of await loadGoldModels(SQL)) {
      const list = columns.map((column) => `${ident(column.name)} ${column.type}`).join(', ');
      await db.run(`CREATE TABLE ${ident(name)} (${list})`);
      for (const [metadata, fields] of Object.entries(METADATA_TABLES))
        await db.run(`CREATE TABLE ${ident(`${name}$${metadata}`)} (${fields})`);
    }
    const runs = (type: (of: string) => string): string =>
      Object.entries(RUN_COLUMNS)
        .map(([name, of]) => `${ident(name)} ${type(of)}`)
        .join(', ');
    await db.run(`CREATE TABLE _runs (${runs((of) => of)})`);
    await db.run(`CREATE TABLE _runs_newest (${runs((of) => (of === 'TIMESTAMP' ? 'VARCHAR' : of))})`);
    await db.run('CREATE MACRO from_iso8601_timestamp(text) AS CAST(text AS TIMESTAMPTZ)');
    return await work(db);
  });

test.each(queries.map((query) => [query.Name, query] as const))(
  '%s: asks for columns that the models have',
  async (_, { QueryString }) => {
    const rows = await withModels((db) => db.all(QueryString.replace(TIME_TRAVEL, '')));
    expect(rows).toEqual([]);
  },
);

test('a query of an unknown column fails this test', async () => {
  const query = withModels((db) => db.all('SELECT wet_days, dry_days FROM weather_by_month'));
  await expect(query).rejects.toThrow(/dry_days/);
});

test('every shipped model has a query, in the workgroup, over gold', async () => {
  for (const { name } of await loadGoldModels(SQL))
    expect(queries.map(({ QueryString }) => QueryString)).toContainEqual(
      expect.stringMatching(new RegExp(`(FROM|JOIN) ${name}\\b`)),
    );
  for (const { Database, WorkGroup } of queries) {
    expect(Database).toEqual({ Ref: 'GoldDatabase' });
    expect(WorkGroup).toEqual({ Ref: 'AthenaWorkgroup' });
  }
});

test('queries show averages of daily metrics in one partition, the metrics of the past, and their history', async () => {
  const [model] = (await loadGoldModels(SQL)).filter(({ name }) => name === 'daily_metrics');
  expect(model?.columns.map(({ name }) => name)).toContain('year');
  const text = queries.map(({ QueryString }) => QueryString);
  expect(text).toContainEqual(
    expect.stringMatching(
      /avg\(metric_value\)[\s\S]*FROM daily_metrics\nWHERE year = \d+ AND metric_name = '/,
    ),
  );
  expect(text).toContainEqual(expect.stringMatching(TIME_TRAVEL));
  expect(text).toContainEqual(expect.stringContaining('"daily_metrics$history"'));
});

test('the newest runs have a table over their folder, with the columns of the records', () => {
  const { TableInput } = resource('NewestRunsTable').Properties as unknown as {
    TableInput: {
      Name: string;
      StorageDescriptor: { Location: unknown; Columns: { Name: string; Type: string }[] };
    };
  };
  const { Location, Columns } = TableInput.StorageDescriptor;
  const folder = lakePaths.newestRuns('first').replace(/first\/$/, '');
  expect(Location).toEqual({ 'Fn::Sub': `s3://\${GoldBucket}/${folder}` });
  // JSON has times as text.
  const hive: Readonly<Record<string, string>> = {
    ...{ VARCHAR: 'string', TIMESTAMP: 'string', BIGINT: 'bigint', DOUBLE: 'double' },
    'MAP(VARCHAR, VARCHAR)': 'map<string,string>',
    [RUN_COLUMNS.scores ?? '']: `struct<${DIMENSIONS.map((each) => `${each}:double`).join(',')}>`,
  };
  expect(Columns).toEqual(Object.entries(RUN_COLUMNS).map(([Name, type]) => ({ Name, Type: hive[type] })));
});

test('the workgroup stores results in gold, encrypted, and stops queries that read too much', () => {
  expect(resource('AthenaWorkgroup').Properties).toMatchObject({
    Name: 'duckstep-dev',
    WorkGroupConfiguration: {
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: 10_737_418_240,
      ResultConfiguration: {
        OutputLocation: { 'Fn::Sub': `s3://\${GoldBucket}/_athena/` },
        EncryptionConfiguration: { EncryptionOption: 'SSE_S3' },
      },
    },
  });
});

test.each(['Silver', 'Gold'])('%s has a database with a name that Athena accepts', (zone) => {
  const { DatabaseInput } = resource(`${zone}Database`).Properties as {
    DatabaseInput: { Name: { 'Fn::Join': [string, { 'Fn::Split': [string, string] }] } };
  };
  const [glue, { 'Fn::Split': split }] = DatabaseInput.Name['Fn::Join'];
  expect(split[1].split(split[0]).join(glue)).toBe(`duckstep_dev_${zone.toLowerCase()}`);
});

import path from 'node:path';
import { DIMENSIONS } from '../../shared/contract/model.ts';
import { ident } from '../../shared/engine/sql.ts';
import type { Db } from '../../shared/engine/with-duckdb.ts';
import { lakePaths } from '../../shared/lake/paths.ts';
import { RUN_COLUMNS } from '../../shared/run/run-record.ts';
import { loadGoldModels } from '../../shared/stages/load-to-gold/gold/model-header.ts';
import { QUARANTINE_COLUMNS } from '../../shared/stages/quarantine/quarantine-table.ts';
import { REASONS_TYPE } from '../../shared/stages/validate/row-check.ts';
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

/** Athena makes a column of each field of the structs in a list. */
const UNNEST_ROWS = /UNNEST\((\w+)\)/;

/** Creates empty tables with the columns of all shipped models, of the runs and of quarantine, under their names in the catalog. */
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
    const quarantine = QUARANTINE_COLUMNS.map(({ name, type }) => `${ident(name)} ${type}`).join(', ');
    await db.run(`CREATE TABLE _quarantine (${quarantine}, folder VARCHAR)`);
    await db.run('CREATE MACRO from_iso8601_timestamp(text) AS CAST(text AS TIMESTAMPTZ)');
    return await work(db);
  });

test.each(queries.map((query) => [query.Name, query] as const))(
  '%s: asks for columns that the models have',
  async (_, { QueryString }) => {
    const inDuckDb = QueryString.replace(TIME_TRAVEL, '').replace(
      UNNEST_ROWS,
      '(SELECT unnest($1, recursive := true))',
    );
    const rows = await withModels((db) => db.all(inDuckDb));
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

/** Columns of a table in the catalog that is no Iceberg table, and the types in which Hive has those of DuckDB. */
const externalTable = (logicalId: string) => {
  const { TableInput } = resource(logicalId).Properties as unknown as {
    TableInput: {
      Parameters: Record<string, unknown>;
      PartitionKeys?: { Name: string }[];
      StorageDescriptor: { Location: unknown; Columns: { Name: string; Type: string }[] };
    };
  };
  return TableInput;
};
const HIVE: Readonly<Record<string, string>> = {
  ...{ VARCHAR: 'string', TIMESTAMP: 'timestamp', BIGINT: 'bigint', DOUBLE: 'double' },
  'MAP(VARCHAR, VARCHAR)': 'map<string,string>',
  [RUN_COLUMNS.scores ?? '']: `struct<${DIMENSIONS.map((each) => `${each}:double`).join(',')}>`,
  [REASONS_TYPE]: 'array<struct<column:string,rule:string,dimension:string,expected:string,value:string>>',
};

test('the newest runs have a table over their folder, with the columns of the records', () => {
  const { Location, Columns } = externalTable('NewestRunsTable').StorageDescriptor;
  const folder = lakePaths.newestRuns('first').replace(/first\/$/, '');
  expect(Location).toEqual({ 'Fn::Sub': `s3://\${GoldBucket}/${folder}` });
  // JSON has times as text.
  const typeOf = (type: string) => (type === 'TIMESTAMP' ? 'string' : HIVE[type]);
  expect(Columns).toEqual(Object.entries(RUN_COLUMNS).map(([Name, type]) => ({ Name, Type: typeOf(type) })));
});

test('quarantine has a table over the folders of its datasets, with the columns of the rows', () => {
  const { Parameters, PartitionKeys, StorageDescriptor } = externalTable('QuarantinedRowsTable');
  const place = lakePaths.quarantinedRows(`\${!folder}`, '').replace(/\.parquet$/, '');
  expect(Parameters['storage.location.template']).toEqual({
    'Fn::Sub': `s3://\${QuarantineBucket}/${place}`,
  });
  expect(StorageDescriptor.Columns).toEqual(
    QUARANTINE_COLUMNS.map(({ name, type }) => ({ Name: name, Type: HIVE[type] })),
  );
  const names = QUARANTINE_COLUMNS.map(({ name }): string => name);
  expect(PartitionKeys?.filter(({ Name }) => names.includes(Name))).toEqual([]);
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

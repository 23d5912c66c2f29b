import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { STEPS } from '../../operate/local/steps.ts';
import { ident } from '../../shared/engine/sql.ts';
import { type Lake, lakePaths, ZONES } from '../../shared/lake/paths.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { specOf } from '../../shared/lake/table/commit/table-schema.ts';
import { SUMMARY } from '../../shared/lake/table/properties.ts';
import { writeFiles } from '../../shared/lake/table/write/write-files.ts';
import { maintain } from '../../shared/maintenance/maintain.ts';
import { replayMissing } from '../../shared/replay/replay-missing.ts';
import type { ObjectCreated } from '../../shared/run/event.ts';
import type { Step } from '../../shared/runtime/step.ts';
import { idleExecutions } from '../helpers/idle-executions.ts';
import { changeBy } from '../helpers/increment.ts';
import { datasets, testPipeline } from '../helpers/pipeline.ts';
import { recording } from '../helpers/recording-store.ts';
import { scratch } from '../helpers/scratch.ts';
import { testDb } from '../helpers/silver-lake.ts';
import { type Right, rightsFor } from './policy.ts';

const contract = (name: string, properties: string) => `
apiVersion: v3.1.0
kind: DataContract
id: ${name}
version: 1.0.0
status: active
schema:
  - name: ${name}
    properties:
      - { name: id, logicalType: integer, primaryKey: true }
      - ${properties}
    customProperties:
      - { property: qualityThreshold, value: 0.5 }
`;

/** Two datasets, one of which reads the silver table of the other, and a gold model over both. */
const SQL = {
  'customers/contract.yaml': contract('customers', '{ name: name, logicalType: string, required: true }'),
  'orders/contract.yaml': contract('orders', '{ name: customer, logicalType: integer, required: true }'),
  'orders/silver.sql': `
    select accepted.* from accepted left join silver.customers on customers.id = accepted.customer`,
  'customers/gold/orders_by_customer.sql': `/*---
columns:
  - { name: name, logicalType: string }
  - { name: orders, logicalType: integer }
---*/
select name, count(*) as orders from silver.orders join silver.customers on customers.id = orders.customer group by name`,
};

/** The contract of `customers` with one more column. */
const WITH_CITY = SQL['customers/contract.yaml'].replace(
  '- { name: name,',
  '- { name: city, logicalType: string }\n      - { name: name,',
);

/** Leaves the objects of a writer that dies while it commits a table's next version. */
const dieCommitting = async (lake: Lake, zone: 'silver' | 'gold', table: string): Promise<void> => {
  let newest = 0;
  for await (const { key } of lake[zone].list(lakePaths.metadata(table, 'v')))
    newest = Math.max(newest, Number(/v(\d+)\.metadata\.json$/.exec(key)?.[1] ?? 0));
  const version = String(newest + 1).padStart(8, '0');
  await lake[zone].write(lakePaths.locks(table, `v${version}-0`), 'dead');
};

/** Adds many small files to a gold table, as a rebuild does that writes more partitions than it keeps open. */
const scatter = async (lake: Lake, name: string, files: number): Promise<void> =>
  await testDb(async (db, folder) => {
    for (let n = 0; n < files; n++)
      await new Table(lake.gold, name).commit(
        changeBy(async (base) => {
          if (base === undefined) throw new Error(`There is no gold.${name}.`);
          const { schema, columnIds, metadata, properties } = base;
          const columns = schema.fields.map((field) => `NULL AS ${ident(field.name)}`);
          const added = await writeFiles(
            { db, store: lake.gold, scratch: folder },
            `SELECT ${columns.join(', ')}`,
            {
              keyOf: (file) => lakePaths.data(name, file),
              prefix: `scattered-${n}`,
              schema,
              spec: specOf([]),
            },
          );
          const lastColumnId = metadata['last-column-id'];
          return {
            runId: 'scattered',
            operation: 'append',
            title: 'append',
            columns: { schema, columnIds, lastColumnId },
            partitionedBy: [],
            added,
            removed: [],
            changedDeletes: [],
            touched: [],
            properties: { [SUMMARY.fingerprint]: properties[SUMMARY.fingerprint] ?? '' },
          };
        }),
      );
  });

/** Leaves a run record without its copy among the newest, as a writer does that dies in between. */
const forgetNewest = async ({ gold }: Lake): Promise<void> => {
  for await (const { key } of gold.list(lakePaths.newestRuns('first'))) {
    await gold.remove(key);
    return;
  }
};

/**
 * Runs every route of the pipeline over a lake in a folder: before and after a table's first commit, keys that two
 * files bring, single rows and whole files rejected, the same event twice, an event without a version, a writer that
 * died while it committed, columns that changed between a run's states, steps that are tried again; then it maintains the
 * tables.
 * Returns the rights that each function's calls of the storage would need on S3.
 */
export const rightsUsed = async (): Promise<Map<string, Right[]>> => {
  const used = new Map<string, Right[]>([...Object.keys(STEPS), 'Maintain'].map((name) => [name, []]));
  const recordedLake = (name: string, lake: Lake): Lake => {
    const record = (right: Right): unknown => used.get(name)?.push(right);
    const stores = ZONES.map((zone) => [
      zone,
      recording(lake[zone], (call) => {
        rightsFor(zone, call).forEach(record);
      }),
    ]);
    return Object.fromEntries(stores) as Lake;
  };
  /** Whether steps run twice, as they do where the answer of the first try is lost. */
  let retried = false;
  const recorded =
    (state: string, step: Step): Step =>
    async (input, context) => {
      const recordedContext = { ...context, lake: recordedLake(state, context.lake) };
      if (retried) await step(input, recordedContext);
      return await step(input, recordedContext);
    };
  const steps = Object.fromEntries(
    Object.entries(STEPS).map(([state, step]) => [state, recorded(state, step)]),
  );
  /** Runs once, before the next run's rows are loaded. */
  let meanwhile: (() => Promise<unknown>) | undefined;
  const load = steps.LoadToGold;
  if (load === undefined) throw new Error('There is no step LoadToGold.');
  steps.LoadToGold = async (input, context) => {
    const happens = meanwhile;
    meanwhile = undefined;
    if (happens === undefined) return await load(input, context);
    await happens();
    // An execution of an earlier release does not go back to Validate: its rows are written again in the new columns.
    return await load({ ...(input as object), goes_back: false }, context);
  };
  const sqlDir = datasets(SQL);
  const { put, engine, lake } = testPipeline({ sqlDir, steps });
  /** Throws for a run that ends early, because its calls are incomplete. */
  const run = async (event: ObjectCreated): Promise<void> => {
    const { status, error } = await engine.run(event);
    if (status !== 'succeeded') throw new Error(`${event.detail.object.key}: ${JSON.stringify(error)}`);
  };
  const drop = async (key: string, content: string): Promise<void> => await run(await put(key, content));

  await drop('orders/first.csv', 'id,customer\n1,1\n');
  await drop('customers/a.csv', 'id,name\n1,Ada\n2,Bob\n');
  await drop('customers/b.csv', 'id,name\n1,Ada L.\n3,Cid\n4,Dan\n5,\n');
  await drop('customers/a.csv', 'id,name\n1,Ada\n2,Bobby\n');
  await drop('orders/second.csv', 'id,customer\n2,1\n');
  await drop('customers/rejected.csv', 'id,name\nx,\ny,\n');
  retried = true;
  await drop('customers/retried.csv', 'id,name\n10,Ida\n');
  await drop('customers/rejected-again.csv', 'id,name\nx,\ny,\nz,\n');
  retried = false;
  await drop('unknown/a.csv', 'a\n1\n');
  await drop('top-level.csv', 'a\n1\n');
  const event = await put('customers/c.csv', 'id,name\n6,Eve\n');
  await run(event);
  await run(event);
  const { 'version-id': _, ...object } = event.detail.object;
  await run({ ...event, detail: { ...event.detail, object } });
  await dieCommitting(lake, 'silver', 'customers');
  await dieCommitting(lake, 'gold', 'orders_by_customer');
  await drop('customers/d.csv', 'id,name\n7,Fay\n');
  meanwhile = async () => {
    writeFileSync(path.join(sqlDir, 'customers/contract.yaml'), WITH_CITY);
    await drop('customers/e.csv', 'id,name,city\n8,Gus,Ulm\n');
  };
  await drop('customers/f.csv', 'id,name\n9,Hal\n');
  await scatter(lake, 'orders_by_customer', 4);
  const waited = JSON.stringify({ format: 1, run: {}, staged: { files: [] } });
  await lake.silver.write(lakePaths.intents('customers', 'dead.json'), waited);
  const orphan = `${'0'.repeat(24)}-${'0'.repeat(16)}.parquet`;
  for (const key of [
    lakePaths.sources('customers', '0'.repeat(32)),
    lakePaths.metadata('customers', `${randomUUID()}-data.avro`),
    lakePaths.deletes('customers', orphan),
  ])
    await lake.silver.write(key, '{}');
  for (const key of [
    lakePaths.metadata('orders_by_customer', `${randomUUID()}-data.avro`),
    lakePaths.data('orders_by_customer', orphan),
  ])
    await lake.gold.write(key, '{}');
  await dieCommitting(lake, 'silver', 'customers');
  await dieCommitting(lake, 'gold', 'orders_by_customer');
  const maintained = recordedLake('Maintain', lake);
  const config = { memoryMb: 512, threads: 2, scratchRoot: scratch(), sqlDir };
  await replayMissing({ lake: maintained, config, executions: idleExecutions(), days: 3 });
  await forgetNewest(lake);
  const done = await maintain({ lake: maintained, config, graceMs: 0, foldAgeMs: -1_000 });
  const failed = done.find(({ error }) => error !== undefined);
  if (failed !== undefined) throw failed.error;
  return used;
};

import { readFileSync } from 'node:fs';
import { listReferences, loadAll } from '../../../shared/contract/load.ts';
import {
  checkModels,
  loadGoldModels,
  parseGoldModel,
} from '../../../shared/stages/load-to-gold/gold/model-header.ts';
import { sqlDirWith } from '../../helpers/contracts.ts';
import { withTestDb } from '../../helpers/duckdb.ts';

/** The files that docs/datasets.md shows, by path. */
const filesOf = (markdown: string): Record<string, string> =>
  Object.fromEntries(
    [...markdown.matchAll(/^`([\w./]+)`\n\n```\w+\n([\s\S]*?)^```$/gm)].map((match) => [
      match[1]?.replace(/^sql\//, '') ?? '',
      match[2] ?? '',
    ]),
  );

test('the files of docs/datasets.md are a valid dataset', async () => {
  const files = filesOf(readFileSync('docs/datasets.md', 'utf8'));
  expect(Object.keys(files)).toEqual([
    'orders.csv',
    'orders/contract.yaml',
    'orders/shops.csv',
    'orders/silver.sql',
    'orders/gold/orders_by_day.sql',
  ]);
  const sqlDir = sqlDirWith(files);
  const contracts = await loadAll(sqlDir);
  checkModels(await loadGoldModels(sqlDir), contracts);
  expect(await listReferences(`${sqlDir}/orders`)).toHaveLength(1);
  const model = parseGoldModel('orders_by_day.sql', files['orders/gold/orders_by_day.sql'] ?? '');
  await withTestDb(async (db) => {
    await db.run(`
      CREATE SCHEMA ref; CREATE SCHEMA silver;
      CREATE VIEW ref.shops AS FROM read_csv('${sqlDir}/orders/shops.csv');
      CREATE VIEW accepted AS
        SELECT row_number() OVER () AS _row, NULL::JSON AS _rescued, "Order No" AS id, Shop AS shop,
          strptime(Placed, '%d.%m.%Y')::DATE AS placed, Total::DECIMAL(12,2) AS total, State AS state, Changed AS changed
        FROM read_csv('${sqlDir}/orders.csv', types = { Placed: 'VARCHAR' });
      CREATE VIEW silver.orders AS SELECT *, year(placed) AS year FROM (${files['orders/silver.sql']})`);
    expect(await db.describe(model.sql)).toEqual(model.columns.map(({ name, type }) => ({ name, type })));
    expect(await db.all(`SELECT city, orders FROM (${model.sql})`)).toEqual([
      { city: 'Berlin', orders: 3 },
      { city: 'Paris', orders: 1 },
    ]);
  });
});

import { STEPS } from '../../cli/local/steps.ts';
import { type Lake, ZONES } from '../../shared/lake.ts';
import type { Step } from '../../shared/steps/step.ts';
import { datasets, testPipeline } from '../helpers/pipeline.ts';
import { recording } from '../helpers/recording-store.ts';
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

/** Two datasets, one of which is enriched with the other, and a gold model over both. */
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

/**
 * Runs every route of the pipeline over a lake in a folder: before and after a table's first commit, keys that two
 * files bring, single rows and whole files refused, the same event twice, an event without a version, what was
 * staged gone. Returns the rights that each state's calls of the storage would need on S3.
 */
export const rightsUsed = async (): Promise<Map<string, Right[]>> => {
  const used = new Map<string, Right[]>(Object.keys(STEPS).map((state) => [state, []]));
  const recorded = (state: string, step: Step): Step => {
    const tell = (right: Right): unknown => used.get(state)?.push(right);
    return async (input, context) => {
      const stores = ZONES.map((zone) => [
        zone,
        recording(context.lake[zone], (call) => {
          rightsFor(zone, call).forEach(tell);
        }),
      ]);
      return await step(input, { ...context, lake: Object.fromEntries(stores) as Lake });
    };
  };
  const steps = Object.fromEntries(
    Object.entries(STEPS).map(([state, step]) => [state, recorded(state, step)]),
  );
  const { drop, put, engine } = testPipeline({ sqlDir: datasets(SQL), steps });

  await drop('orders/first.csv', 'id,customer\n1,1\n');
  await drop('customers/a.csv', 'id,name\n1,Ada\n2,Bob\n');
  await drop('customers/b.csv', 'id,name\n1,Ada L.\n3,Cid\n4,Dan\n5,\n');
  await drop('customers/a.csv', 'id,name\n1,Ada\n2,Bobby\n');
  await drop('orders/second.csv', 'id,customer\n2,1\n');
  await drop('customers/refused.csv', 'id,name\nx,\ny,\n');
  await drop('nobody/knows.csv', 'a\n1\n');
  await drop('top-level.csv', 'a\n1\n');
  const event = await put('customers/c.csv', 'id,name\n6,Eve\n');
  await engine.run(event);
  await engine.run(event);
  const { 'version-id': _, ...object } = event.detail.object;
  await engine.run({ ...event, detail: { ...event.detail, object } });
  return used;
};

import { type MetadataVersion, Table } from '../../shared/lake/table/commit/table.ts';
import type { Snapshot } from '../../shared/lake/table/read/snapshot.ts';
import { datasets, type TestPipeline, testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractYaml } from '../helpers/silver-lake.ts';

/** A contract before and after a change: columns are renamed, widened, dropped, added and reordered. */
export const BEFORE = contractYaml('orders', [
  '{ name: number, logicalType: integer, logicalTypeOptions: { format: i32 }, primaryKey: true }',
  '{ name: customer, logicalType: string }',
  '{ name: quantity, logicalType: integer, logicalTypeOptions: { format: i16 } }',
  '{ name: weight, logicalType: number, logicalTypeOptions: { format: f32 } }',
  '{ name: price, logicalType: number, physicalType: "DECIMAL(6,2)" }',
  '{ name: note, logicalType: string, required: true }',
  '{ name: placed, logicalType: date, partitioned: true }',
]);
export const AFTER = contractYaml('orders', [
  '{ name: placed, logicalType: date, partitioned: true }',
  '{ name: country, logicalType: string, required: true }',
  '{ name: order_number, id: number, logicalType: integer, primaryKey: true }',
  '{ name: price, logicalType: number, physicalType: "DECIMAL(12,2)" }',
  '{ name: quantity, logicalType: integer }',
  '{ name: weight, logicalType: number }',
  '{ name: client, id: customer, logicalType: string }',
  // A new column with the former name of another one.
  '{ name: customer, id: customer-2, logicalType: boolean }',
]);

export const FIRST = `number,customer,quantity,weight,price,note,placed
1,Ada,3,1.5,1234.50,gift,2024-01-01
2,Grace,-4,0.25,-0.01,-,2024-01-01
3,,32767,,9999.99,late,2024-01-02
`;
export const SECOND = `placed,country,order_number,price,quantity,weight,client,customer
2024-01-02,DE,2,1234567890.12,5000000000,1e300,Grace H.,true
2024-01-03,FR,4,0.10,,0.1,Alan,false
`;

/** The rows of the first file. */
export const OLD_ROWS = [
  {
    number: 1,
    customer: 'Ada',
    quantity: 3,
    weight: 1.5,
    price: '1234.50',
    note: 'gift',
    placed: '2024-01-01',
  },
  {
    number: 2,
    customer: 'Grace',
    quantity: -4,
    weight: 0.25,
    price: '-0.01',
    note: '-',
    placed: '2024-01-01',
  },
  {
    ...{ number: 3, customer: null, quantity: 32_767, weight: null, price: '9999.99', note: 'late' },
    placed: '2024-01-02',
  },
];
/** The rows of both files; order 2 is that of the second file. */
export const NEW_ROWS = [
  {
    ...{ placed: '2024-01-01', country: null, order_number: 1, price: '1234.50', quantity: 3, weight: 1.5 },
    ...{ client: 'Ada', customer: null },
  },
  {
    ...{
      placed: '2024-01-02',
      country: 'DE',
      order_number: 2,
      price: '1234567890.12',
      quantity: 5_000_000_000,
    },
    ...{ weight: 1e300, client: 'Grace H.', customer: true },
  },
  {
    ...{
      placed: '2024-01-02',
      country: null,
      order_number: 3,
      price: '9999.99',
      quantity: 32_767,
      weight: null,
    },
    ...{ client: null, customer: null },
  },
  {
    ...{ placed: '2024-01-03', country: 'FR', order_number: 4, price: '0.10', quantity: null, weight: 0.1 },
    ...{ client: 'Alan', customer: false },
  },
];

export interface ChangedOrders {
  version: MetadataVersion;
  /** The snapshot before the contract changed. */
  old: Snapshot;
}

/** A lake with one file from before and one from after the change of the contract. */
export const changingOrders = (): { after: TestPipeline; load: () => Promise<ChangedOrders> } => {
  const folder = scratch();
  const under = (contract: string): TestPipeline =>
    testPipeline({ folder, sqlDir: datasets({ 'orders/contract.yaml': contract }) });
  const [before, after] = [under(BEFORE), under(AFTER)];
  const load = async (): Promise<ChangedOrders> => {
    expect((await before.drop('orders/first.csv', FIRST)).status).toBe('succeeded');
    expect((await after.drop('orders/second.csv', SECOND)).status).toBe('succeeded');
    const version = await new Table(after.lake.silver, 'orders').newest();
    const old = version?.snapshot?.history.at(-1);
    if (version === undefined || old === undefined) throw new Error('nothing is committed');
    return { version, old };
  };
  return { after, load };
};

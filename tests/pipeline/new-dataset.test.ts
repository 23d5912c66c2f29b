import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { ROOT } from '../helpers/engine.ts';
import { testPipeline } from '../helpers/pipeline.ts';
import { scratch } from '../helpers/scratch.ts';
import { contractYaml, latestBy } from '../helpers/silver-lake.ts';

/** A new folder with the shipped datasets and these files. */
const shippedAnd = (files: Readonly<Record<string, string>>): string => {
  const sqlDir = path.join(scratch(), 'sql');
  cpSync(path.join(ROOT, 'sql'), sqlDir, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(sqlDir, name)), { recursive: true });
    writeFileSync(path.join(sqlDir, name), text);
  }
  return sqlDir;
};

const TICKETS = {
  'tickets/contract.yaml': contractYaml(
    'tickets',
    [
      '{ name: ticket, physicalName: Ticket No, logicalType: string, primaryKey: true }',
      '{ name: opened, logicalType: date, required: true }',
      '{ name: hours, logicalType: number, physicalType: "DECIMAL(6,2)", logicalTypeOptions: { minimum: 0 } }',
      '{ name: team, logicalType: string, transformLogic: silver.sql }',
      '{ name: year, logicalType: integer, transformLogic: year(opened), partitioned: true }',
    ],
    [latestBy('hours desc'), '{ property: qualityThreshold, value: 0.5 }'],
  ),
  'tickets/silver.sql': `
    select accepted._row, upper(ticket) as ticket, opened, hours, name as team
    from accepted left join ref.teams on teams.prefix = left(ticket, 1)
    where hours is distinct from 0`,
  'tickets/teams.csv': 'prefix,name\na,Ants\nb,Bees\n',
  'tickets/gold/hours_by_team.sql': `/*---
partitionedBy: [year]
columns:
  - { name: year, logicalType: integer, primaryKey: true }
  - { name: team, logicalType: string, primaryKey: true }
  - { name: hours, logicalType: number, physicalType: "DECIMAL(38,2)", required: true }
---*/
select year, coalesce(team, 'nobody') as team, sum(hours) as hours from silver.tickets group by all`,
};

const CSV = `Ticket No,opened,hours
a1,2024-01-02,1.5
a2,2024-01-03,2.25
A1,2024-01-04,0.5
b1,2023-12-31,4
c1,2024-02-01,8
b2,2024-02-01,0
b3,yesterday,1
`;

test('a new folder is a new dataset', async () => {
  const { drop, query, runs } = testPipeline({ sqlDir: shippedAnd(TICKETS) });
  const { status } = await drop('tickets/export.csv', CSV);
  expect(status).toBe('succeeded');
  expect(await query('SELECT ticket, opened, hours, team, year FROM silver.tickets ORDER BY ticket')).toEqual(
    [
      { ticket: 'A1', opened: '2024-01-02', hours: '1.50', team: 'Ants', year: 2024 },
      { ticket: 'A2', opened: '2024-01-03', hours: '2.25', team: 'Ants', year: 2024 },
      { ticket: 'B1', opened: '2023-12-31', hours: '4.00', team: 'Bees', year: 2023 },
      { ticket: 'C1', opened: '2024-02-01', hours: '8.00', team: null, year: 2024 },
    ],
  );
  expect(await query('FROM gold.hours_by_team ORDER BY year, team')).toEqual([
    { year: 2023, team: 'Bees', hours: '4.00' },
    { year: 2024, team: 'Ants', hours: '3.75' },
    { year: 2024, team: 'nobody', hours: '8.00' },
  ]);
  expect(await query('SELECT line, reasons[1].column AS "column" FROM quarantine.tickets')).toEqual([
    { line: 8, column: 'opened' },
  ]);
  expect(await runs()).toMatchObject([
    {
      dataset: 'tickets',
      rows_read: 7,
      rows_accepted: 6,
      rows_rejected: 1,
      rows_filtered: 1,
      rows_duplicate: 1,
      rows_silver: 4,
    },
  ]);
});

test('a model in sql/gold reads several datasets, as they arrive', async () => {
  const model = `/*---
columns:
  - { name: day, logicalType: date, primaryKey: true }
  - { name: tickets, logicalType: integer, required: true }
  - { name: signups, logicalType: integer, required: true }
---*/
with tickets as (select opened as day, count(*) as n from silver.tickets group by all),
signups as (select signup_date as day, count(*) as n from silver.signups group by all)
select day, coalesce(tickets.n, 0) as tickets, coalesce(signups.n, 0) as signups
from tickets full join signups using (day)`;
  const { drop, query } = testPipeline({ sqlDir: shippedAnd({ ...TICKETS, 'gold/days.sql': model }) });
  const days = () => query('FROM gold.days ORDER BY day');
  await drop('tickets/export.csv', 'Ticket No,opened,hours\na1,2024-01-02,1\n');
  expect(await days()).toEqual([{ day: '2024-01-02', tickets: 1, signups: 0 }]);
  await drop('signups/a.csv', 'id,name,email,signup_date,status\n1,Ada,ada@example.com,2024-01-02,active\n');
  expect(await days()).toEqual([{ day: '2024-01-02', tickets: 1, signups: 1 }]);
  await drop('tickets/export.csv', 'Ticket No,opened,hours\na1,2024-01-03,1\n');
  expect(await days()).toEqual([
    { day: '2024-01-02', tickets: 0, signups: 1 },
    { day: '2024-01-03', tickets: 1, signups: 0 },
  ]);
});

test('silver.sql may enrich from another dataset’s silver table', async () => {
  const orders = {
    'orders/contract.yaml': contractYaml('orders', [
      '{ name: id, logicalType: integer, primaryKey: true }',
      '{ name: customer, logicalType: integer }',
      '{ name: customer_name, logicalType: string, transformLogic: silver.sql }',
    ]),
    'orders/silver.sql': `select accepted._row, accepted.id, customer, signups.name as customer_name
      from accepted left join silver.signups on signups.id = customer`,
  };
  const { drop, query } = testPipeline({ sqlDir: shippedAnd(orders) });
  await drop('signups/a.csv', 'id,name,email,signup_date,status\n1,Ada,ada@example.com,2024-01-02,active\n');
  await drop('orders/a.csv', 'id,customer\n10,1\n11,2\n');
  expect(await query('SELECT id, customer_name FROM silver.orders ORDER BY id')).toEqual([
    { id: 10, customer_name: 'Ada' },
    { id: 11, customer_name: null },
  ]);
});

test('a mistake in the SQL fails the execution in its state; after a fix and a redrive it continues', async () => {
  const sqlDir = shippedAnd({
    ...TICKETS,
    'tickets/silver.sql': 'select _row, ticket, opened, hours from accepted',
  });
  const { drop, engine, query } = testPipeline({ sqlDir });
  const failed = await drop('tickets/export.csv', CSV);
  expect(failed).toMatchObject({
    status: 'failed',
    error: { Error: 'ModelFailed' },
    resume: { state: 'Transform' },
  });
  expect(await query('FROM silver.tickets')).toEqual([]);
  writeFileSync(path.join(sqlDir, 'tickets/silver.sql'), TICKETS['tickets/silver.sql']);
  expect(await engine.redrive(failed.id)).toMatchObject({ status: 'succeeded', attempts: 2 });
  expect(await query('SELECT count(*) AS rows FROM silver.tickets')).toEqual([{ rows: 4 }]);
});

test('a mistake in a gold model fails before anything is committed', async () => {
  const file = 'tickets/gold/hours_by_team.sql';
  const sqlDir = shippedAnd({
    ...TICKETS,
    [file]: TICKETS[file].replace('silver.tickets', 'silver.nowhere'),
  });
  const { drop, engine, lake, query } = testPipeline({ sqlDir });
  const failed = await drop('tickets/export.csv', CSV);
  expect(failed).toMatchObject({
    status: 'failed',
    error: { Error: 'ContractInvalid', Cause: expect.stringContaining('silver.nowhere') },
    resume: { state: 'LoadToGold' },
  });
  expect(await new Table(lake.silver, 'tickets').current()).toBeUndefined();
  writeFileSync(path.join(sqlDir, file), TICKETS[file]);
  expect(await engine.redrive(failed.id)).toMatchObject({ status: 'succeeded' });
  expect(await query('SELECT count(*) AS rows FROM gold.hours_by_team')).toEqual([{ rows: 3 }]);
});

test.each([
  ['a contract', { 'tickets/contract.yaml': 'kind: nonsense' }],
  ['a model', { 'tickets/gold/hours_by_team.sql': 'select' }],
  [
    'the tables of a model',
    {
      'tickets/gold/hours_by_team.sql':
        '/*---\ncolumns: [{ name: a, logicalType: integer }]\n---*/\nselect 1 as a',
    },
  ],
] as [string, Record<string, string>][])(
  'a mistake in %s of one dataset does not stop the others',
  async (_, mistake) => {
    const { drop } = testPipeline({ sqlDir: shippedAnd({ ...TICKETS, ...mistake }) });
    const other = await drop(
      'signups/a.csv',
      'id,name,email,signup_date,status\n1,A,a@example.com,2024-01-02,active\n',
    );
    expect(other).toMatchObject({ status: 'succeeded', output: { load: { status: 'loaded' } } });
    expect((await drop('tickets/export.csv', CSV)).error?.Error).toBe('ContractInvalid');
  },
);

test('two datasets that make a gold table of one name stop, before one overwrites the other', async () => {
  const model = TICKETS['tickets/gold/hours_by_team.sql'];
  const { drop } = testPipeline({
    sqlDir: shippedAnd({ ...TICKETS, 'tickets/gold/signups_by_day.sql': model }),
  });
  expect((await drop('tickets/export.csv', CSV)).error?.Error).toBe('ContractInvalid');
});

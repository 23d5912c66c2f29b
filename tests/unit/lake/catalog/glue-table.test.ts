import { tableInput } from '../../../../shared/lake/catalog/glue-table.ts';
import type { Field } from '../../../../shared/lake/iceberg/types.ts';
import { signups } from '../../../helpers/glue.ts';

const columnsOf = (fields: Field[]) =>
  tableInput(signups(1, { schema: { type: 'struct', 'schema-id': 0, fields } })).StorageDescriptor?.Columns;

test('texts are on one line, and at most as long as Glue allows', () => {
  const { Description } = tableInput(signups(1, { description: `two\nlines ${'x'.repeat(3_000)}` }));
  expect(Description).toMatch(/^two lines x+…$/);
  expect(Description).toHaveLength(2_048);
  const doc = 'y'.repeat(256);
  expect(columnsOf([{ id: 1, name: 'a', required: false, type: 'int', doc }])?.[0]?.Comment).toHaveLength(
    255,
  );
});

test('a type too long for Glue does not keep a table out of the catalog', () => {
  const fields = Array.from({ length: 6_000 }, (_, i) => ({
    id: i + 2,
    name: `a_rather_long_name_${i}`,
    required: false,
    type: 'string' as const,
  }));
  const [column] =
    columnsOf([{ id: 1, name: 'wide', required: false, type: { type: 'struct', fields } }]) ?? [];
  expect(column).toMatchObject({ Name: 'wide', Type: 'string' });
});

test('everything in an entry but the pointer stays', () => {
  const entry = { Name: 'signups', Owner: 'data', Retention: 3, Description: 'By hand.' };
  expect(tableInput(signups(1), entry)).toMatchObject({
    Owner: 'data',
    Retention: 3,
    Description: 'By hand.',
  });
});

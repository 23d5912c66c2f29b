import type { Field, Schema } from '../../../shared/lake/iceberg/types.ts';
import { schemaChanges } from '../../../shared/query/schema-changes.ts';

const schema = (...fields: Field[]): Schema => ({ type: 'struct', 'schema-id': 0, fields });
const field = (id: number, name: string, type: Field['type'] = 'string', required = false): Field => ({
  id,
  name,
  type,
  required,
});

test('columns are identified by their field ids', () => {
  const before = schema(field(1, 'id', 'int', true), field(2, 'name'), field(3, 'fax'), field(4, 'n', 'int'));
  const after = schema(field(4, 'n', 'long'), field(1, 'id', 'int'), field(2, 'full_name'), field(5, 'fax'));
  expect(schemaChanges(before, after)).toEqual([
    'n: INTEGER → BIGINT',
    'id: optional',
    'name → full_name',
    '+fax',
    '-fax',
    'reordered',
  ]);
});

test('a changed description is not a change', () => {
  const before = schema(field(1, 'id'), field(2, 'name'));
  expect(schemaChanges(before, schema(field(1, 'id'), { ...field(2, 'name'), doc: 'of a person' }))).toEqual(
    [],
  );
});

test('members of a struct are part of its type', () => {
  const place = (...fields: Field[]): Schema => schema(field(1, 'place', { type: 'struct', fields }));
  expect(schemaChanges(place(field(2, 'city')), place(field(2, 'city'), field(3, 'zip', 'int')))).toEqual([
    'place: STRUCT("city" VARCHAR) → STRUCT("city" VARCHAR, "zip" INTEGER)',
  ]);
});

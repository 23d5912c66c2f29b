import type { Db } from '../../shared/engine/with-duckdb.ts';
import { type Evolved, evolveSchema } from '../../shared/lake/iceberg/evolve.ts';
import { fieldName } from '../../shared/lake/iceberg/transforms.ts';
import type { PartitionSpec, Transform } from '../../shared/lake/iceberg/types.ts';

/**
 * The schema of a query's columns, new or evolved from an earlier schema.
 *
 * @param identities the first names of renamed columns, by their names in the query
 */
export const schemaFor = async (
  db: Db,
  query: string,
  base?: Evolved,
  identities: Readonly<Record<string, string>> = {},
): Promise<Evolved> => {
  const columns = await db.describe(query);
  const wanted = columns.map(({ name, type }) => ({
    identity: identities[name] ?? name,
    name,
    type,
    required: false,
  }));
  return evolveSchema(base, wanted, { where: 't', lastColumnId: base?.lastColumnId ?? 0, identifier: [] });
};

/** A partition spec over columns of a schema: `specFor(schema, ['ts', 'day'])`. */
export const specFor = (
  { schema }: Pick<Evolved, 'schema'>,
  ...fields: readonly (readonly [column: string, transform: Transform])[]
): PartitionSpec => ({
  'spec-id': fields.length === 0 ? 0 : 1,
  fields: fields.map(([column, transform], at) => ({
    'source-id': schema.fields.find(({ name }) => name === column)?.id ?? 0,
    'field-id': 1000 + at,
    name: fieldName(column, transform),
    transform,
  })),
});

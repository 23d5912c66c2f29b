import { sameSchema } from '../iceberg/schema.ts';
import type { Schema } from '../iceberg/types.ts';
import { lakePaths } from '../lake.ts';
import type { DataFile } from '../table/data-file.ts';
import { partitionBy, specOf } from '../table/table-schema.ts';
import { localPaths, readFiles } from '../table/table-view.ts';
import { writeFiles } from '../table/write-files.ts';
import type { CommitContext } from './commit-silver.ts';
import type { Intent } from './intents.ts';
import { ROW_IDENTITY, type StagedSilver } from './silver-table.ts';

/** Whether files that were written by one schema can be read by the other as they are. */
export const sameFields = (a: Schema, b: Schema): boolean =>
  sameSchema({ ...a, 'identifier-field-ids': [] }, { ...b, 'identifier-field-ids': [] });

/**
 * A run's files with the field ids that the table has now. They differ from those it was given in Transform only
 * where another run has changed the table's columns in between: then the rows are written again.
 */
export const restaged = async (
  { db, contract, store, scratch }: CommitContext,
  schema: Schema,
  { run, staged }: Intent,
): Promise<StagedSilver> => {
  if (sameFields(staged.schema, schema)) return staged;
  const paths = await localPaths(
    store,
    scratch,
    staged.files.map(({ key }) => key),
  );
  const files: DataFile[] =
    staged.files.length === 0
      ? []
      : await writeFiles(db, readFiles([...paths.values()], staged.schema.fields), store, {
          keyOf: (file) => lakePaths.data(contract.dataset, file),
          prefix: run.run_id,
          schema,
          spec: specOf(partitionBy(schema, contract.partitionedBy)),
          wholeBounds: ROW_IDENTITY,
          scratch,
        });
  return { ...staged, schema, files };
};

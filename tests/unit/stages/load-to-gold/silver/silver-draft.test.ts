import type { DataFile, PositionDeletes } from '../../../../../shared/lake/table/data-file.ts';
import type { Draft } from '../../../../../shared/lake/table/draft.ts';
import type { FilesPlan } from '../../../../../shared/stages/load-to-gold/silver/plan-silver-files.ts';
import { type Effects, silverDraft } from '../../../../../shared/stages/load-to-gold/silver/silver-draft.ts';
import { COLUMNS } from '../../../../helpers/increment.ts';
import { intentOf, keysFile } from '../../../../helpers/silver-plan.ts';

const own = intentOf('own', 9);
const newer = intentOf('own', 10);
const other = intentOf('other', 1);
/** A file of a partition of the same name. */
const file = (key: string): DataFile => keysFile(key, 1, 1, key);
const deletes = (key: string): PositionDeletes => ({ key, rows: 1, bytes: 1 });
const partitions = (...days: string[]) => days.map((day) => ({ day }));

const PLAN: FilesPlan = {
  ...{ whole: [], mixed: [], added: new Map([[own.run.source_id, [file('coming')]]]), replaced: [] },
  ...{ kept: [file('kept')], rivals: [], confirmed: [], compareKeys: false, touched: partitions('coming') },
  ...{ title: 'append', operation: 'append', entries: new Map() },
};
const EFFECTS: Effects = {
  ...{ runId: own.run.run_id, load: [own], columns: COLUMNS, partitionedBy: [], rewritten: [] },
  ...{ changedDeletes: new Map(), sourcesRoot: 'root' },
};
const REPLACE = { title: 'replace source', operation: 'overwrite' } as const;

test.each<[string, Partial<FilesPlan>, Partial<Effects>, Partial<Draft>]>([
  [
    'staged files are added',
    {},
    {},
    {
      ...{ runId: own.run.run_id, operation: 'append', title: 'append' },
      ...{ added: [file('coming')], removed: [], changedDeletes: [], touched: partitions('coming') },
      properties: { 'duckstep.sources': 'root' },
    },
  ],
  [
    'rows of a kept file are deleted by position: an append becomes an overwrite, and its partition is touched',
    {},
    { changedDeletes: new Map([['kept', deletes('d')]]) },
    {
      ...{ operation: 'overwrite', title: 'append', removed: [] },
      changedDeletes: [{ file: file('kept'), deletes: deletes('d') }],
      touched: partitions('coming', 'kept'),
    },
  ],
  [
    'rows of a staged file are deleted by position',
    {},
    { changedDeletes: new Map([['coming', deletes('d')]]) },
    {
      operation: 'overwrite',
      changedDeletes: [{ file: file('coming'), deletes: deletes('d') }],
      touched: partitions('coming'),
    },
  ],
  [
    'all rows of a kept file come back',
    {},
    { changedDeletes: new Map([['kept', undefined]]) },
    { operation: 'overwrite', changedDeletes: [{ file: file('kept'), deletes: undefined }] },
  ],
  [
    'whole files and mixed ones are removed, and the other rows of mixed ones added with their deletes',
    {
      ...REPLACE,
      whole: [file('whole')],
      mixed: [file('mixed')],
      touched: partitions('whole', 'mixed', 'coming'),
    },
    { rewritten: [{ file: file('rest'), deletes: deletes('copied') }] },
    {
      ...REPLACE,
      ...{ added: [file('coming'), file('rest')], removed: [file('whole'), file('mixed')] },
      changedDeletes: [{ file: file('rest'), deletes: deletes('copied') }],
      touched: partitions('whole', 'mixed', 'coming'),
    },
  ],
  [
    'a rewritten file whose deletes change gets the changed ones alone',
    { ...REPLACE, mixed: [file('mixed')] },
    {
      rewritten: [{ file: file('rest'), deletes: deletes('copied') }],
      changedDeletes: new Map([['rest', undefined]]),
    },
    { changedDeletes: [{ file: file('rest'), deletes: undefined }], touched: partitions('coming', 'rest') },
  ],
  [
    'several runs are named',
    {},
    { load: [own, other] },
    {
      runId: own.run.run_id,
      properties: {
        'duckstep.sources': 'root',
        'duckstep.run-ids': `${own.run.run_id} ${other.run.run_id}`,
      },
    },
  ],
  [
    'a newer version in the place of the own intent names the snapshot',
    {},
    { load: [newer] },
    { runId: newer.run.run_id, properties: { 'duckstep.sources': 'root' } },
  ],
  [
    'a confirmation is named by the own run',
    { added: new Map(), touched: [], title: 'confirm source', operation: 'replace' },
    { load: [] },
    { runId: own.run.run_id, title: 'confirm source', operation: 'replace', added: [], touched: [] },
  ],
])('%s', (_, plan, effects, expected) => {
  expect(silverDraft({ ...PLAN, ...plan }, { ...EFFECTS, ...effects })).toMatchObject(expected);
});

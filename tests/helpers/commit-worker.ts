/** Child process: `<root> <table> <label> <count>`; commits `count` increments, one after the other. */
import { FolderStore } from '../../shared/lake/storage/folder-store.ts';
import { Table } from '../../shared/lake/table/commit/table.ts';
import { changeBy, increment, KEEP_ALL } from './increment.ts';

const [root = '', table = '', label = '', count = ''] = process.argv.slice(2);
const target = new Table(new FolderStore(root), table, { maxAttempts: 200, retention: KEEP_ALL });
for (let turn = 0; turn < Number(count); turn += 1) {
  await target.commit(changeBy((base) => increment(base, `${label}-${turn}`)));
  process.stdout.write('.');
}

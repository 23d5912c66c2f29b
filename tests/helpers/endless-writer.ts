/** Child process: `<root> <key>`; replaces the content of the key again and again, each time with one repeated letter, until it is killed. */
import { FolderStore } from '../../shared/lake/storage/folder-store.ts';

const [root = '', key = ''] = process.argv.slice(2);
const store = new FolderStore(root);
for (let turn = 0; ; turn += 1) {
  await store.write(key, String.fromCharCode(97 + (turn % 26)).repeat(3_000_000));
  process.stdout.write('.');
}

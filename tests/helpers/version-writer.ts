/** Child process: `<root> <key> <label> <count>`; writes the key `count` times into a versioned folder. */
import { FolderStore } from '../../shared/lake/storage/folder-store.ts';

const [root = '', key = '', label = '', count = ''] = process.argv.slice(2);
const store = new FolderStore(root, { versioned: true });
for (let turn = 0; turn < Number(count); turn += 1) await store.write(key, `${label} ${turn}`);

/** Child process: `<root> <key> <content>`; tries to create the key and prints whether it was the one that did. */
import { FolderStore } from '../../shared/lake/storage/folder-store.ts';

const [root = '', key = '', content = ''] = process.argv.slice(2);
process.stdout.write(String(await new FolderStore(root).writeIfAbsent(key, content)));

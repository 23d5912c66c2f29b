/** Child process: `<lake> <datasets> <loads.json> <scratch>`; runs the loads all at once and prints the result of each. */
import { readFileSync } from 'node:fs';
import { loadContract } from '../../shared/contract/load.ts';
import { type Load, loadAll, tablesIn } from './load.ts';

const [folder = '', sqlDir = '', file = '', scratch = ''] = process.argv.slice(2);
const contract = await loadContract(sqlDir, 't');
const loads = JSON.parse(readFileSync(file, 'utf8')) as Load[];
const done = await loadAll(loads, { tables: tablesIn(folder), contract, scratch });
process.stdout.write(JSON.stringify(done.map(({ status, requests }) => ({ status, requests }))));
